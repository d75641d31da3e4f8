"""vrrplab: see, predict and test VRRP failover.

``import vrrplab`` costs nothing: each of the names below is fetched from its module the first time
somebody asks for it, so the command line does not pay for what only notebooks use.
"""

from __future__ import annotations

__version__ = "0.1.0"

_HOME_OF = {
    "load_scenario": "vrrplab.scenario.reader",
    "simulate": "vrrplab.notebook.simulate",
    "Trace": "vrrplab.trace",
    "read_trace": "vrrplab.trace",
    "read_recording": "vrrplab.recording",
    "read_pcap": "vrrplab.notebook.captures",
    "parse_config": "vrrplab.config.reader",
    "decode": "vrrplab.wire.dissect",
    "encode": "vrrplab.wire.dissect",
    "cluster": "vrrplab.notebook.cluster",
    "panel": "vrrplab.notebook.tuning",
    "tune": "vrrplab.notebook.tuning",
    "VrrplabError": "vrrplab.errors",
    # what lessons use: guesses, exercises, experiments and what an administrator would look at
    **dict.fromkeys(("predict", "compare", "check", "progress", "reset"), "vrrplab.exercises"),
    **dict.fromkeys(("variant", "at", "conf", "own_cluster", "complaints", "sliders"), "vrrplab.exercises"),
    **dict.fromkeys(
        ("story", "ip_a", "logs", "outage_s", "recorded", "replayed", "written"), "vrrplab.exercises"
    ),
}
_MODULES = {"views": "vrrplab.views", "wire": "vrrplab.wire", "glossary": "vrrplab.glossary"}

__all__ = sorted([*_HOME_OF, *_MODULES])


def __getattr__(name: str) -> object:
    """Fetch a public name from its module, once (PEP 562)."""
    from importlib import import_module

    if name in _MODULES:
        value: object = import_module(_MODULES[name])
    elif name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
    else:
        raise AttributeError(f"module 'vrrplab' has no attribute {name!r}; it offers {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
