"""Captures of millions of frames as NumPy columns, each row what ``decode`` would say of the frame.

This is the only door: who imports it needs NumPy.
"""

from vrrplab.columns.reader import read
from vrrplab.columns.table import FORMS, KINDS, NAMES, REASONS, Columns
from vrrplab.wire.tunnels import SEALED

__all__ = ["FORMS", "KINDS", "NAMES", "REASONS", "SEALED", "Columns", "read"]
