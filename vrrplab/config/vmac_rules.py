"""Rules about virtual MAC interfaces: their names, and what does not go with them."""

from __future__ import annotations

from vrrplab.config.drafts import FileDraft, InstanceDraft

MAX_NAME = 15


def vmac(draft: FileDraft, instance: InstanceDraft) -> None:
    if instance.strict and instance.vmac_address:
        draft.diagnostics.log(
            "strict",
            f"({instance.name}): cannot specify MAC address with strict mode - clearing",
            source=instance.lines.get("use_vmac", instance.source),
        )
    if instance.use_vmac:
        if not instance.vmac_name:
            instance.vmac_name = _free_vmac_name(draft, instance)
            draft.vmac_names[instance.vmac_name] = instance
        if instance.strict and instance.vmac_xmit_base:
            draft.say(
                instance,
                "vmac_xmit_base",
                "strict",
                "xmit_base is incompatible with strict mode - resetting",
            )
            instance.vmac_xmit_base = False
    if (instance.use_vmac or instance.use_ipvlan) and instance.promote_secondaries:
        draft.say(
            instance,
            "promote_secondaries",
            "vmac",
            "promote_secondaries is automatically set for vmacs - ignoring",
        )
        instance.promote_secondaries = False


def _free_vmac_name(draft: FileDraft, instance: InstanceDraft) -> str:
    """``vrrp.VRID``; when another instance has that name, ``vrrp6.VRID`` (IPv6), ``vrrp1.VRID``, …"""
    prefix = draft.globals.vmac_prefix or "vrrp"
    name = _fit(prefix, f".{instance.vrid}")
    numbers = (number for number in range(1, 256) if number != 6 or instance.family == 4)
    attempt = 6 if instance.family == 6 else next(numbers)
    while name in draft.vmac_names and attempt:
        name = _fit(prefix, f"{attempt}.{instance.vrid}")
        attempt = next(numbers, 0)
    return name


def _fit(prefix: str, tail: str) -> str:
    return prefix[: MAX_NAME - len(tail)] + tail
