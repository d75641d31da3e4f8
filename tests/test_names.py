"""``import vrrplab`` gives a dozen names; each leads to the thing and not to its module."""

from __future__ import annotations

from types import ModuleType

import pytest

import vrrplab

MODULES = {"views", "wire", "glossary"}


@pytest.mark.parametrize("name", vrrplab.__all__)
def test_every_name_leads_somewhere(name: str) -> None:
    value = getattr(vrrplab, name)
    assert isinstance(value, ModuleType) == (name in MODULES)
    assert value.__doc__ or name in MODULES


def test_the_names_are_offered_for_completion() -> None:
    assert set(vrrplab.__all__) <= set(dir(vrrplab))


def test_a_wrong_name_is_told_with_the_right_ones() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'simulat'; it offers .*simulate"):
        _ = vrrplab.simulat
