"""A virtual LAN: hosts, links, switches, caches, clients and keepalived boxes in virtual time.

``world`` wires a scenario up, ``play`` runs it; what comes out is a Trace. Same scenario
and seed, same trace, byte for byte.
"""
