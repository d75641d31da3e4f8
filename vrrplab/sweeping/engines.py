"""How the rows of a sweep are found: simulated (events), reckoned (vectorised), or the quicker one (auto)."""

ENGINES = ("auto", "events", "vectorised")
