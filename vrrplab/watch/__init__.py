"""The terminal of ``vrrplab live watch``: listens, and draws what others do."""
