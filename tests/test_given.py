"""Whatever is handed to a public function, a mistake is one sentence and never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vrrplab import VrrplabError, at, complaints, conf, own_cluster, simulate, sliders, variant


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sliders(["timers"]), "no panel"),  # type: ignore[arg-type]
        (lambda: variant(None), "a scenario, a path or a name is needed"),  # type: ignore[arg-type]
        (lambda: variant("article-steady", 5), "mapping|expected|at_s"),  # type: ignore[arg-type]
        (lambda: variant(edit={"a", "b"}), "edit is .*: give pairs"),  # type: ignore[arg-type]
        (lambda: variant(edit=...), "give pairs"),  # type: ignore[arg-type]
        (lambda: variant(edit=["priority 255"]), "give pairs"),  # type: ignore[arg-type]
        (lambda: variant(edit={"": "x"}), "give the words"),
        (lambda: variant(edit={5: "x"}), "in quotes"),  # type: ignore[dict-item]
        (lambda: variant(edit={"priority 255": 254}), "what replaces 'priority 255' is 254"),
        (lambda: variant(edit={"proxy-serv01": {"": "x"}}), "give the words"),
        (lambda: variant(files={"proxy-serv01": None}), "in quotes"),  # type: ignore[dict-item]
        (lambda: variant(files="proxy-serv01"), "give pairs"),  # type: ignore[arg-type]
        (lambda: variant(services=["squid"]), "give pairs"),  # type: ignore[arg-type]
        (lambda: variant(services={"squid": 1}), "squid is 1: give pairs"),  # type: ignore[dict-item]
        (lambda: variant(duration_s="60"), "duration_s is '60': give a number"),  # type: ignore[arg-type]
        (lambda: variant(duration_s=float("nan")), "give a number"),
        (lambda: variant(seed="a"), "seed is 'a'"),
        (lambda: variant(seed=1.5), "whole number"),
        (lambda: variant(name=...), "name is Ellipsis"),
        (lambda: variant(profile=[]), "profile is"),
        (lambda: conf(["a"]), "no server"),  # type: ignore[arg-type]
        (lambda: conf("proxy-serv1"), "did you mean 'proxy-serv0"),
        (lambda: at(float("nan"), "power_off"), "give a number"),
        (lambda: complaints(None), "takes a scenario"),  # type: ignore[arg-type]
        (lambda: own_cluster(a="vrrp_instance x"), "a: 'vrrp_instance x' is neither"),
        (lambda: own_cluster(a=""), "a: '' is neither"),
        (lambda: own_cluster(a=Path()), "is neither"),
        (lambda: own_cluster(**{"a/b": conf()}), "'a/b' is no name for a server"),
        (lambda: own_cluster(**{"": conf()}), "is no name for a server"),
        (lambda: simulate("article-steady", actions=5), "give a list"),  # type: ignore[arg-type]
        (lambda: simulate("article-steady", actions=at(1, "power_off")), "give a list"),  # type: ignore[arg-type]
        (lambda: simulate("article-steady", actions="power_off"), "give a list"),  # type: ignore[arg-type]
        (lambda: simulate("article-steady", seed=True), "whole number"),
        (lambda: simulate("article-steady", until_s="9"), "until_s is '9'"),  # type: ignore[arg-type]
        (lambda: simulate("article-steady", profile=[]), "unknown profile"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence(call: Any, words: str) -> None:
    with pytest.raises(VrrplabError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_one_file_on_two_servers_and_any_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "keepalived.txt").write_text(conf("proxy-serv01"))
    twice = own_cluster(a=tmp_path / "keepalived.txt", b=tmp_path / "keepalived.txt")
    assert list(twice.servers) == ["a", "b"]
    assert simulate(twice).servers == ["a", "b"]
    assert list(own_cluster(a=tmp_path / "keepalived.txt").servers) == ["a"]
