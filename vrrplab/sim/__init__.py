"""A virtual LAN: hosts, links, switches, caches, clients and keepalived boxes in virtual time.

``scenario`` reads the file, ``world`` wires it up and runs it; what comes out is a Trace. Same scenario
and seed, same trace, byte for byte.
"""
