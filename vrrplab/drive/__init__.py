"""What both drivers share: the machine's actions as bytes, bytes as its events, and the journal of both."""
