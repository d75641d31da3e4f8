"""Configurations in an editor: what ``config check`` and ``config show`` say, while a file is written."""
