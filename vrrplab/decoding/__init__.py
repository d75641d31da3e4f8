"""One frame explained: its fields, whether a router would accept it and why not, as a table or JSON."""
