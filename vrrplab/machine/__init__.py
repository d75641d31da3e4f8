"""The protocol: pure values and functions of events and time.

Nothing here opens a socket, reads a clock, draws a random number or prints. A driver hands in an
event and the time, carries out the actions it gets back in their order, and calls again at
``next_deadline()``. Read in this order: events, actions, states, timers, instance; then what an instance is
made of (beginnings, intervals, hearing, preemption, troubles, holdings, announcer, voice, owners); then what
is around it (tracking, dependencies, syncgroup, startup_log, daemon). ``profiles`` says in which points
daemons and RFCs differ.
"""
