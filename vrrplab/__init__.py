"""vrrplab: see, predict and test VRRP failover.

``import vrrplab`` costs nothing: each of the names below is fetched from its module the first time somebody
asks for it, so the command line does not pay for what only notebooks use. Times are seconds.

Simulations and traces
    Trace           what happened, event by event, and what can be asked of it
    at              an action at a moment, for ``simulate`` and ``variant``
    cluster         the cluster on the screen: click on what you want to break
    ip_a            what ``ip a show`` prints on a server at a moment
    load_scenario   a scenario from its file, or one that comes with vrrplab
    logs            keepalived's log lines between two moments
    outage_s        seconds of the longest outage that a client saw
    panel           sliders for keepalived's options over a timeline that follows them
    read_recording  a recording of real daemons as a trace
    read_trace      a trace that was saved
    recorded        the trace of a recording that comes with vrrplab
    replayed        the simulation of what was recorded
    simulate        run a scenario, or keepalived.conf files
    story           a drill as the article tells it
    tune            a scenario with some of keepalived's options changed
    variant         a scenario with files edited and actions added
    written         what the scripts of a recording wrote

Captures and packets
    decode          bytes of a frame to a Frame
    encode          a Frame to its bytes
    read_pcap       a capture, whole

Configurations
    complaints      what is remarkable in the files of a scenario
    conf            the keepalived.conf of a server, as text
    own_cluster     a scenario of your own keepalived.conf files
    parse_config    what keepalived makes of a keepalived.conf

Lessons
    check           run the answer to an exercise
    compare         what happened, beside what you guessed
    predict         keep a guess
    progress        how far you are
    reset           begin anew
    sliders         the panels of the lessons

Modules and errors
    VrrplabError    the base of every error that a user can cause or meet
    glossary        the words of VRRP
    views           figures of a trace
    wire            bytes and values of every protocol
"""

from __future__ import annotations

__version__ = "0.1.0"

# Group, as above, to names and where each lives; a module lives at its own name.
_GROUPS = {
    "Simulations and traces": {
        "Trace": "vrrplab.trace",
        "at": "vrrplab.notebook.variants",
        "cluster": "vrrplab.notebook.cluster",
        "ip_a": "vrrplab.notebook.evidence",
        "load_scenario": "vrrplab.scenario.reader",
        "logs": "vrrplab.notebook.evidence",
        "outage_s": "vrrplab.exercises.observe",
        "panel": "vrrplab.notebook.tuning",
        "read_recording": "vrrplab.recording",
        "read_trace": "vrrplab.trace",
        "recorded": "vrrplab.notebook.evidence",
        "replayed": "vrrplab.notebook.evidence",
        "simulate": "vrrplab.notebook.simulate",
        "story": "vrrplab.notebook.evidence",
        "tune": "vrrplab.notebook.tuning",
        "variant": "vrrplab.notebook.variants",
        "written": "vrrplab.notebook.evidence",
    },
    "Captures and packets": {
        "decode": "vrrplab.wire.dissect",
        "encode": "vrrplab.wire.dissect",
        "read_pcap": "vrrplab.notebook.captures",
    },
    "Configurations": {
        "complaints": "vrrplab.notebook.own_cluster",
        "conf": "vrrplab.notebook.variants",
        "own_cluster": "vrrplab.notebook.own_cluster",
        "parse_config": "vrrplab.config.reader",
    },
    "Lessons": {
        "check": "vrrplab.exercises.learner",
        "compare": "vrrplab.exercises.learner",
        "predict": "vrrplab.exercises.learner",
        "progress": "vrrplab.exercises.learner",
        "reset": "vrrplab.exercises.learner",
        "sliders": "vrrplab.exercises.sliders",
    },
    "Modules and errors": {
        "VrrplabError": "vrrplab.errors",
        "glossary": "vrrplab.glossary",
        "views": "vrrplab.views",
        "wire": "vrrplab.wire",
    },
}
_HOME_OF = {name: home for group in _GROUPS.values() for name, home in group.items()}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> object:
    """Fetch a public name from its module, once (PEP 562)."""
    from importlib import import_module

    if name not in _HOME_OF:
        raise AttributeError(f"module 'vrrplab' has no attribute {name!r}; it offers {', '.join(__all__)}")
    home = import_module(_HOME_OF[name])
    value = home if home.__name__ == f"{__name__}.{name}" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
