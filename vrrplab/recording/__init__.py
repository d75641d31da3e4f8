"""A recording of real daemons as a trace: the same events as a simulation, so that every view draws both.

A recording is a folder: ``scenario.yaml``, one ``*.conf`` a server and ``observed.json`` with what was
seen from outside: log lines, frames on the LAN, addresses, the client's neighbour table and its probes.
What nobody saw is not invented: a state has no ``reason``, nobody knows who received a frame, and
FAULT held from the very start is in no log line. Two things are inferred, and only these: the STOP of
a daemon that was told to stop and, for repetitions, which have no capture, the moments of the adverts
between the first and the last of a run.
Called by ``verify``, by notebooks and by whoever draws a recording beside a simulation.
"""

from __future__ import annotations

from vrrplab.recording.reader import read_observed, read_recording

__all__ = ["read_observed", "read_recording"]
