"""A promise of one's own, of the whole trace: `vrrplab explore --property calm.py:no_flapping`."""

from vrrplab import Trace

MOST = 6  # changes to MASTER that one failure and its repair may bring to an instance


def no_flapping(trace: Trace) -> bool | str:
    """No instance becomes MASTER on one server more than six times."""
    changes: dict[tuple[str, str], int] = {}
    for event in trace.of("state"):
        if event.to == "MASTER":
            key = event.server, event.instance
            changes[key] = changes.get(key, 0) + 1
    for (server, instance), count in changes.items():
        if count > MOST:
            return f"{instance} became MASTER on {server} {count} times"
    return True
