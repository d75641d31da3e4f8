"""The scenario file: its model, its reader and writer, and scenarios made from configurations alone."""
