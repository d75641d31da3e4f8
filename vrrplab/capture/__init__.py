"""Capture files: pcap and pcapng, read and written, and the frames that are in them."""
