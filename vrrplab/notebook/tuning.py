"""One option of a scenario changed: ``tune`` gives the changed scenario, ``panel`` a slider for each option.

    panel("article-drill-1-lan-nic", ["priority", "advert_int", "fall", "interval", "loss"])

Names are keepalived's; ``loss`` is the network's. A scenario is never changed, a new one comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from vrrplab import arguments
from vrrplab.config.model import InstanceConfig, NodeConfig, ScriptConfig
from vrrplab.errors import VrrplabError
from vrrplab.scenario.configs import EDITED, label_without_file
from vrrplab.scenario.model import Scenario
from vrrplab.units import micros, seconds
from vrrplab.views.panels import Control

# What a value has to be, and keepalived's range of it.
OPTIONS: dict[str, tuple[Callable[..., float], float, float]] = {
    "priority": (arguments.whole, 1, 255),
    "advert_int": (arguments.number, 0.01, 255),
    "weight": (arguments.whole, -253, 253),
    "fall": (arguments.whole, 1, 1000),
    "rise": (arguments.whole, 1, 1000),
    "interval": (arguments.number, 0.01, 1000),
    "loss": (arguments.number, 0, 1),
}


def tune(
    scenario: Scenario,
    *,
    instance: str = "",
    server: str = "",
    priority: int | None = None,
    advert_int: float | None = None,
    weight: int | None = None,
    fall: int | None = None,
    rise: int | None = None,
    interval: float | None = None,
    loss: float | None = None,
) -> Scenario:
    """The scenario with some of keepalived's options changed; the scenario itself stays as it is.

    - ``instance``, ``server``: which of them; "" means all.
    - ``priority``: of the instance on the server.
    - ``advert_int``: of the instance on every server, in seconds: whole ones in version 2, hundredths in
      version 3.
    - ``weight``, ``fall``, ``rise`` and ``interval`` (seconds): of all track scripts.
    - ``loss``: of all segments, 0 to 1.

    VrrplabError: a wrong name, or a value out of keepalived's range.

    >>> slower = vrrplab.tune(vrrplab.load_scenario("power-off"), advert_int=2)
    >>> [vrrplab.outage_s(vrrplab.simulate(run), "192.168.2.101") for run in ("power-off", slower)]
    [2.66, 4.66]
    """
    arguments.instance(scenario, Scenario, "tune", "a scenario, as load_scenario(...) returns it")
    _check_names(scenario, instance, server)
    given = (priority, advert_int, weight, fall, rise, interval, loss)
    options = {
        name: check(value, name, low, high)
        for value, (name, (check, low, high)) in zip(given, OPTIONS.items(), strict=True)
        if value is not None
    }
    servers = {}
    for name, one in scenario.servers.items():
        node = _tuned(one.node, instance, options, here=server in ("", name))
        servers[name] = (
            replace(one, node=node, config=label_without_file(name, EDITED)) if node != one.node else one
        )
    changed = scenario.changed(servers=servers)
    if loss is not None:
        segments = {name: replace(s, loss=options["loss"]) for name, s in scenario.segments.items()}
        changed = changed.changed(segments=segments)
    return changed


def _check_names(scenario: Scenario, instance: str, server: str) -> None:
    instances = {i.name for one in scenario.servers.values() for i in one.node.instances}
    if server:
        arguments.known(server, "server", scenario.servers)
    if instance:
        arguments.known(instance, "instance", sorted(instances))


def _tuned(node: NodeConfig, instance: str, options: Mapping[str, Any], *, here: bool) -> NodeConfig:
    """``here``: this server's priority is meant, too."""
    changes = {key: options[key] for key in ("weight", "fall", "rise") if key in options}
    if "interval" in options:
        changes["interval_us"] = micros(options["interval"])
    scripts = tuple(replace(script, **changes) for script in node.scripts)
    instances = tuple(
        _tuned_instance(one, options, here=here) if instance in ("", one.name) else one
        for one in node.instances
    )
    return replace(node, scripts=scripts, instances=instances, text=None)


def _tuned_instance(instance: InstanceConfig, options: Mapping[str, Any], *, here: bool) -> InstanceConfig:
    changes: dict[str, Any] = {}
    if "priority" in options and here:
        changes["base_priority"] = options["priority"]
    if "advert_int" in options:
        # RFC 3768 section 5.3.7: whole seconds in version 2; RFC 9568 section 5.2.7: hundredths in version 3
        unit_us = 1_000_000 if instance.version == 2 else 10_000
        changes["advert_interval_us"] = max(unit_us, micros(options["advert_int"]) // unit_us * unit_us)
    if "weight" in options:
        weight = options["weight"]
        changes["track_scripts"] = tuple(replace(s, weight=weight) for s in instance.track_scripts)
    return replace(instance, **changes)


def controls_of(scenario: Scenario, options: Iterable[str], instance: str, server: str) -> list[Control]:
    """A slider for each option, at what the scenario says. VrrplabError: no such option, or not in it."""
    node = scenario.servers[server].node
    one = node.instance(instance)
    scripts = [script for script in node.scripts if script.name in {t.name for t in one.track_scripts}]
    script = scripts[0] if scripts else None
    found = []
    for option in options:
        if option in ("weight", "fall", "rise", "interval") and script is None:
            raise VrrplabError(f"{option}: {instance} on {server} tracks no script")
        found.append(_control(option, scenario, one, script, server))
    return found


def _control(
    option: str, scenario: Scenario, instance: InstanceConfig, script: ScriptConfig | None, server: str
) -> Control:
    if option == "priority":
        return Control(option, f"priority of {server}", 1, 255, 1, instance.base_priority)
    if option == "advert_int":
        now_s = seconds(instance.advert_interval_us)
        if instance.version == 2:
            return Control(option, option, 1, max(10, now_s), 1, now_s, "s")
        return Control(option, option, 0.05, max(3.0, now_s), 0.05, now_s, "s")
    if option == "loss":
        loss = max((segment.loss for segment in scenario.segments.values()), default=0.0)
        return Control(option, "packets lost", 0.0, 0.9, 0.01, loss)
    if script is not None and option == "weight":
        tracked = next(t for t in instance.track_scripts if t.name == script.name)
        return Control(option, option, -253, 253, 1, tracked.weight)
    if script is not None and option in ("fall", "rise"):
        now = script.fall if option == "fall" else script.rise
        return Control(option, option, 1, max(10, now), 1, now)
    if script is not None and option == "interval":
        now_s = seconds(script.interval_us)
        return Control(option, "check interval", 0.5, max(30.0, now_s), 0.5, now_s, "s")
    raise VrrplabError(f"no option {option!r}: there are {', '.join(OPTIONS)}")


def panel(
    source: Any,
    options: Iterable[str] = ("priority", "advert_int", "loss"),
    *,
    instance: str = "",
    server: str = "",
    theme: str = "light",
) -> Any:
    """Sliders for keepalived's options under the timeline of a scenario, which is run again as one moves.

    - ``source``: a Scenario, a file, or the name of a built-in one.
    - ``options``: those that ``tune`` has.
    - ``instance``: the one whose options they are (default: the first).
    - ``server``: whose priority moves (default: that of the lowest priority, who has to take over).
    - ``theme``: "light" or "dark".

    Without matplotlib the picture is a table; without ipywidgets the first one is shown as a figure.
    VrrplabError: no such scenario, option, server or instance.
    """
    from vrrplab.notebook.simulate import run_told
    from vrrplab.scenario.reader import load_scenario
    from vrrplab.views.panels import show

    scenario: Scenario = source if isinstance(source, Scenario) else load_scenario(source)
    _check_names(scenario, instance, server)
    instance = instance or _first_instance(scenario)
    server = server or _weakest(scenario, instance)
    wanted = arguments.several(options, "options", '["priority", "loss"]')
    controls = controls_of(scenario, wanted, instance, server)

    def again(values: Mapping[str, float]) -> Any:
        numbers: dict[str, Any] = dict(values)
        changed = tune(scenario, instance=instance, **{k: v for k, v in numbers.items() if k != "priority"})
        if "priority" in numbers:
            changed = tune(changed, instance=instance, server=server, priority=int(numbers["priority"]))
        return run_told(changed)

    return show(again, controls, theme=theme)


def _first_instance(scenario: Scenario) -> str:
    for server in scenario.servers.values():
        for instance in server.node.instances:
            return instance.name
    raise VrrplabError(f"{scenario.name or 'this scenario'} has no vrrp_instance")


def _weakest(scenario: Scenario, instance: str) -> str:
    priorities = {
        name: one.base_priority
        for name, server in scenario.servers.items()
        for one in server.node.instances
        if one.name == instance
    }
    return min(priorities, key=lambda name: priorities[name])
