"""What ``import vrrplab`` gives to notebooks: simulate, cluster, tune, captures, evidence."""

from __future__ import annotations

from vrrplab.notebook import cell_magic, short_errors

short_errors.install()
cell_magic.install()
