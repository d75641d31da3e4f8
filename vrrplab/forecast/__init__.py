"""What every failure, or a change, would do to a cluster (``vrrplab config predict``, ``diff``; ``why``)."""
