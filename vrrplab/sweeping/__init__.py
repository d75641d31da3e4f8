"""Many seeded runs of one scenario: what varies between them, what came of each, and all of it in a table."""
