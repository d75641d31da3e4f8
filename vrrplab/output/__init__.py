"""Where what is told goes: files that are never overwritten by mistake, and terminals."""
