"""A trace told in words, for terminals.

``table``: what happened, when, why. ``story``: the article's evidence, logs side by side and ``ip a``.
``lines``: one line an event. Text in, text out of a Trace only.
"""
