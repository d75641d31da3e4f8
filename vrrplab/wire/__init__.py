"""Bytes and values, nothing else: VRRP, IP, ARP, neighbour discovery, Ethernet."""
