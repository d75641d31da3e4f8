"""What ``import vrrplab`` gives to notebooks: simulate, cluster, tune, captures, evidence."""

from __future__ import annotations

from vrrplab.notebook import short_errors

short_errors.install()
