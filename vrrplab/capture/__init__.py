"""Captures: files of frames read and written, and what they tell about who was MASTER when.

``read_pcap`` is the notebooks' way in; ``reader.read_frames`` streams, for files of any size.
"""

from __future__ import annotations
