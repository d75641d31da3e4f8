"""One option of a scenario changed: ``tune`` gives the changed scenario, ``panel`` a slider for each option.

    panel("article-drill-1-lan-nic", ["priority", "advert_int", "fall", "interval", "loss"])

Names are keepalived's; ``loss`` is the network's. A scenario is never changed, a new one comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from vrrplab import arguments
from vrrplab.config.model import InstanceConfig, NodeConfig, ScriptConfig
from vrrplab.errors import VrrplabError
from vrrplab.scenario.configs import EDITED, label_without_file
from vrrplab.scenario.model import Scenario
from vrrplab.units import Micros, micros, seconds
from vrrplab.views.panels import Control

OPTIONS = ("priority", "advert_int", "weight", "fall", "rise", "interval", "loss")


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
    """The scenario with some options changed.

    ``priority`` of one ``instance`` on one ``server``; ``advert_int`` (seconds) of the instance everywhere.
    ``weight``, ``fall``, ``rise`` and ``interval`` (seconds) of all track scripts; ``loss`` (0 to 1) of all
    segments. "" for instance or server means all of them. VrrplabError: a wrong name, or a value out of
    keepalived's range.
    """
    arguments.instance(scenario, Scenario, "tune", "a scenario, as load_scenario(...) returns it")
    _check_names(scenario, instance, server)
    priority = _whole("priority", priority, 1, 255)
    weight = _whole("weight", weight, -253, 253)
    fall, rise = _whole("fall", fall, 1, 1000), _whole("rise", rise, 1, 1000)
    advert_int = _number("advert_int", advert_int, 0.01, 255)
    interval = _number("interval", interval, 0.01, 1000)
    loss = _number("loss", loss, 0, 1)
    servers = {}
    for name, one in scenario.servers.items():
        node = _tuned(
            one.node,
            instance,
            priority if server in ("", name) else None,
            None if advert_int is None else micros(advert_int),
            {"weight": weight, "fall": fall, "rise": rise},
            None if interval is None else micros(interval),
        )
        servers[name] = (
            replace(one, node=node, config=label_without_file(name, EDITED)) if node != one.node else one
        )
    changed = scenario.changed(servers=servers)
    if loss is not None:
        segments = {name: replace(segment, loss=loss) for name, segment in scenario.segments.items()}
        changed = changed.changed(segments=segments)
    return changed


def _check_names(scenario: Scenario, instance: str, server: str) -> None:
    instances = {i.name for one in scenario.servers.values() for i in one.node.instances}
    if server:
        arguments.known(server, "server", scenario.servers)
    if instance:
        arguments.known(instance, "instance", sorted(instances))


def _number(name: str, value: float | None, low: float, high: float) -> float | None:
    return None if value is None else arguments.number(value, name, low, high)


def _whole(name: str, value: int | None, low: int, high: int) -> int | None:
    return None if value is None else arguments.whole(value, name, low, high)


def _tuned(
    node: NodeConfig,
    instance: str,
    priority: int | None,
    advert_interval_us: Micros | None,
    numbers: Mapping[str, int | None],
    interval_us: Micros | None,
) -> NodeConfig:
    changes: dict[str, Any] = {key: value for key, value in numbers.items() if value is not None}
    if interval_us is not None:
        changes["interval_us"] = interval_us
    scripts = tuple(_tuned_script(script, changes) for script in node.scripts)
    instances = tuple(
        _tuned_instance(one, priority, advert_interval_us, numbers.get("weight"))
        if instance in ("", one.name)
        else one
        for one in node.instances
    )
    return replace(node, scripts=scripts, instances=instances, text=None)


def _tuned_script(script: ScriptConfig, changes: Mapping[str, Any]) -> ScriptConfig:
    changed: ScriptConfig = replace(script, **changes)
    return changed


def _tuned_instance(
    instance: InstanceConfig, priority: int | None, advert_interval_us: Micros | None, weight: int | None
) -> InstanceConfig:
    changes: dict[str, Any] = {}
    if priority is not None:
        changes["base_priority"] = priority
    if advert_interval_us is not None:
        # RFC 3768 section 5.3.7: whole seconds in version 2; RFC 9568 section 5.2.7: hundredths in version 3
        unit_us = 1_000_000 if instance.version == 2 else 10_000
        changes["advert_interval_us"] = max(unit_us, advert_interval_us // unit_us * unit_us)
    if weight is not None:
        changes["track_scripts"] = tuple(replace(s, weight=weight) for s in instance.track_scripts)
    changed: InstanceConfig = replace(instance, **changes)
    return changed


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
    """Sliders for these options under the timeline of a scenario, which is run again while one moves.

    ``source``: a Scenario, a file, or the name of a built-in one. ``priority`` moves the one of ``server``
    (default: of the server with the lowest priority, who has to take over) in ``instance`` (default: the
    first). Needs matplotlib; without ipywidgets the first picture is shown as a figure. VrrplabError: no such
    scenario, option, server or instance.
    """
    from vrrplab.scenario.reader import load_scenario
    from vrrplab.sim.play import run
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
        return run(changed)

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
