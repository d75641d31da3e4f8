"""Is the simulator right? Recordings of real daemons beside simulations of the same scenarios.

``rule`` holds when two traces agree, ``packets`` and ``lines`` compare what was sent and logged, ``report``
runs a recording through the simulator and puts it all together.
"""

from vrrplab.verify.report import Result, verify_recording

__all__ = ["Result", "verify_recording"]
