"""The protocol: pure values and functions of events and time.

Nothing here opens a socket, reads a clock, draws a random number or prints. A driver hands in an
event and the time, carries out the actions it gets back in their order, and calls again at
``next_deadline()``. Read in this order: events, actions, states, role, intervals, instance (RFC 9568 section
6.4, step by step); then what an instance is made of (reception with the law in acceptance, preemption,
priority, faults, virtual_addresses, announcer, voice); then what is around it (process, tracking,
dependencies, syncgroup, startup_log, reload, daemon). ``profiles`` says in which points daemons and RFCs
differ; ``policy`` has those points that are rules, each a pure function that may be exchanged.
"""
