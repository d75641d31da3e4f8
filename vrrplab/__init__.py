"""vrrplab: see, predict and test VRRP failover.

``import vrrplab`` costs nothing: each of the names below is fetched from its module the first time somebody
asks for it, so the command line does not pay for what only notebooks use. Times are seconds.

Simulations and traces
    Trace           what happened, event by event, and what can be asked of it
    at              an action at a moment, for ``simulate`` and ``variant``
    cluster         the cluster on the screen: click on what you want to break
    differences     what differs between two texts, or two frames
    events          what happened of one kind, a line each
    explore         every order of failures, and the shortest story that breaks a promise
    ip_a            what ``ip a show`` prints on a server at a moment
    load_scenario   a scenario from its file, or one that comes with vrrplab
    logs            keepalived's log lines between two moments
    outage_s        seconds of the longest outage that a client saw
    outages_s       the same for one failure at many moments
    panel           sliders for keepalived's options over a timeline that follows them
    read_recording  a recording of real daemons as a trace
    read_trace      a trace that was saved
    recorded        the trace of a recording that comes with vrrplab
    replayed        the simulation of what was recorded
    silence_s       seconds of silence before a server took over
    simulate        run a scenario, or keepalived.conf files
    story           a drill as the article tells it
    sweep           a scenario many times, and what came of it in figures
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
    configs         the files of all nodes: checked, predicted, explained, a change planned
    own_cluster     a scenario of your own keepalived.conf files
    parse_config    what keepalived makes of a keepalived.conf

Lessons
    bet             the film stops at a fault and asks what comes
    check           run the answer to an exercise
    compare         what happened, beside what you guessed
    hint            help with an exercise, a step at a time
    predict         keep a guess
    progress        how far you are
    puzzle          a cluster with a goal, to be broken or mended
    reset           begin anew
    results         what you hand in, and a page to print
    sliders         the panels of the lessons

Modules and errors
    VrrplabError    the base of every error that a user can cause or meet
    glossary        the words of VRRP
    lab             ``lab.compare(scenario)``: the real keepalived beside the simulator
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
        "differences": "vrrplab.notebook.evidence",
        "events": "vrrplab.notebook.evidence",
        "explore": "vrrplab.notebook.explorations",
        "ip_a": "vrrplab.notebook.evidence",
        "load_scenario": "vrrplab.scenario.reader",
        "logs": "vrrplab.notebook.evidence",
        "outage_s": "vrrplab.exercises.observe",
        "outages_s": "vrrplab.notebook.measures",
        "panel": "vrrplab.notebook.tuning",
        "read_recording": "vrrplab.recording",
        "read_trace": "vrrplab.trace",
        "recorded": "vrrplab.notebook.evidence",
        "replayed": "vrrplab.notebook.evidence",
        "silence_s": "vrrplab.notebook.measures",
        "simulate": "vrrplab.notebook.simulate",
        "story": "vrrplab.notebook.evidence",
        "sweep": "vrrplab.notebook.sweeps",
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
        "configs": "vrrplab.notebook.configs",
        "own_cluster": "vrrplab.notebook.own_cluster",
        "parse_config": "vrrplab.config.reader",
    },
    "Lessons": {
        "bet": "vrrplab.exercises.bets",
        "check": "vrrplab.exercises.learner",
        "compare": "vrrplab.exercises.learner",
        "hint": "vrrplab.exercises.learner",
        "predict": "vrrplab.exercises.learner",
        "progress": "vrrplab.exercises.learner",
        "puzzle": "vrrplab.exercises.puzzle",
        "reset": "vrrplab.exercises.learner",
        "results": "vrrplab.exercises.results",
        "sliders": "vrrplab.exercises.sliders",
    },
    "Modules and errors": {
        "VrrplabError": "vrrplab.errors",
        "glossary": "vrrplab.glossary",
        "lab": "vrrplab.lab",
        "views": "vrrplab.views",
        "wire": "vrrplab.wire",
    },
}
_HOME_OF = {name: home for group in _GROUPS.values() for name, home in group.items()}

__all__ = sorted(_HOME_OF)


def _fetch(name: str) -> object:
    """Fetch a public name from its module, once (PEP 562)."""
    from importlib import import_module

    if name not in _HOME_OF:
        raise AttributeError(f"module 'vrrplab' has no attribute {name!r}; it offers {', '.join(__all__)}")
    home = import_module(_HOME_OF[name])
    value = home if home.__name__ == f"{__name__}.{name}" else getattr(home, name)
    globals()[name] = value
    return value


# The same names for type checkers, which run no ``__getattr__`` (tests/test_names.py keeps the two alike).
# ``typing``'s own constant would cost an import; mypy and pyright know this one by its name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from vrrplab import glossary as glossary
    from vrrplab import lab as lab
    from vrrplab import views as views
    from vrrplab import wire as wire
    from vrrplab.config.reader import parse_config as parse_config
    from vrrplab.errors import VrrplabError as VrrplabError
    from vrrplab.exercises.bets import bet as bet
    from vrrplab.exercises.learner import check as check
    from vrrplab.exercises.learner import compare as compare
    from vrrplab.exercises.learner import hint as hint
    from vrrplab.exercises.learner import predict as predict
    from vrrplab.exercises.learner import progress as progress
    from vrrplab.exercises.learner import reset as reset
    from vrrplab.exercises.observe import outage_s as outage_s
    from vrrplab.exercises.puzzle import puzzle as puzzle
    from vrrplab.exercises.results import results as results
    from vrrplab.exercises.sliders import sliders as sliders
    from vrrplab.notebook.captures import read_pcap as read_pcap
    from vrrplab.notebook.cluster import cluster as cluster
    from vrrplab.notebook.configs import configs as configs
    from vrrplab.notebook.evidence import differences as differences
    from vrrplab.notebook.evidence import events as events
    from vrrplab.notebook.evidence import ip_a as ip_a
    from vrrplab.notebook.evidence import logs as logs
    from vrrplab.notebook.evidence import recorded as recorded
    from vrrplab.notebook.evidence import replayed as replayed
    from vrrplab.notebook.evidence import story as story
    from vrrplab.notebook.evidence import written as written
    from vrrplab.notebook.explorations import explore as explore
    from vrrplab.notebook.measures import outages_s as outages_s
    from vrrplab.notebook.measures import silence_s as silence_s
    from vrrplab.notebook.own_cluster import complaints as complaints
    from vrrplab.notebook.own_cluster import own_cluster as own_cluster
    from vrrplab.notebook.simulate import simulate as simulate
    from vrrplab.notebook.sweeps import sweep as sweep
    from vrrplab.notebook.tuning import panel as panel
    from vrrplab.notebook.tuning import tune as tune
    from vrrplab.notebook.variants import at as at
    from vrrplab.notebook.variants import conf as conf
    from vrrplab.notebook.variants import variant as variant
    from vrrplab.recording import read_recording as read_recording
    from vrrplab.scenario.reader import load_scenario as load_scenario
    from vrrplab.trace import Trace as Trace
    from vrrplab.trace import read_trace as read_trace
    from vrrplab.wire.dissect import decode as decode
    from vrrplab.wire.dissect import encode as encode
else:
    __getattr__ = _fetch


def load_ipython_extension(shell: object) -> None:
    """``%load_ext vrrplab``: ``%%keepalived NAME`` makes a cell the file of a node."""
    from vrrplab.notebook import cell_magic

    cell_magic.install(shell)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
