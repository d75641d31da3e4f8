"""The simulator's side of a page: questions as JSON in, answers out."""
