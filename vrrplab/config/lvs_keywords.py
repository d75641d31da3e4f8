"""The words inside the blocks of the load balancer (LVS): only what keepalived does not know is told.

What they mean is the checker process's business, and not modelled. The tables are what keepalived 2.2.7 -t
does not call unknown, word by word (measured).
"""

from __future__ import annotations

from vrrplab.config.blocks import Keyword, Table, Words
from vrrplab.config.drafts import FileDraft

_WORD = Keyword()


def _any_values(draft: FileDraft, words: Words) -> None:
    draft.blocks.values(words[:1], lambda _entry: None)  # its name is no mistake


def _old_retry(draft: FileDraft, words: Words) -> None:
    draft.diagnostics.report(
        "deprecated", "nb_get_retry is deprecated - please use 'retry'", hint="write retry"
    )


def _words(names: str, blocks: Table | None = None) -> Table:
    return {**dict.fromkeys(names.split(), _WORD), **(blocks or {})}


_PLACE = "bind_if bind_port bindto connect_ip connect_port connect_timeout fwmark"
_EVERY = "alpha delay_before_retry delay_loop log_all_failures retry"
_CHECK = f"{_PLACE} {_EVERY} warmup"
_URL = """
    digest path regex regex_max_offset regex_min_offset regex_no_match regex_options regex_stack status_code
    virtualhost
"""
_HTTP = _words(
    f"{_PLACE} {_EVERY} enable_sni fast_recovery http_protocol virtualhost",
    {"url": Keyword(block=_words(_URL)), "nb_get_retry": Keyword(_old_retry)},
)

_CHECKS = {
    "HTTP_GET": _HTTP,
    "SSL_GET": _HTTP,
    "TCP_CHECK": _words(_CHECK),
    "PING_CHECK": _words(_CHECK),
    "SMTP_CHECK": _words(f"{_CHECK} helo_name", {"host": Keyword(block=_words(_CHECK))}),
    "DNS_CHECK": _words(f"{_CHECK} name type"),
    "UDP_CHECK": _words(f"{_CHECK} max_reply_length min_reply_length payload require_reply"),
    "MISC_CHECK": _words(f"{_EVERY} misc_dynamic misc_path misc_timeout user warmup"),
    "BFD_CHECK": _words("alpha name"),
    "FILE_CHECK": _words("track_file weight"),
}
_BOTH = """
    alpha connect_timeout delay_before_retry delay_loop inhibit_on_failure lvs_method retry smtp_alert
    snmp_name virtualhost warmup weight
"""
_REAL_SERVER = _words(
    f"{_BOTH} lthreshold notify_down notify_up uthreshold",
    {name: Keyword(block=table) for name, table in _CHECKS.items()},
)
_VIRTUAL_SERVER = _words(
    f"""
    {_BOTH} flag-1 flag-2 flag-3 ha_suspend hashed hysteresis ip_family lb_algo lb_kind lvs_sched mh-fallback
    mh-port omega ops persistence_engine persistence_granularity persistence_timeout protocol quorum
    quorum_down quorum_up sh-fallback sh-port sorry_server sorry_server_inhibit sorry_server_lvs_method
    """,
    {"real_server": Keyword(block=_REAL_SERVER)},
)

LVS_KEYWORDS: Table = {
    "virtual_server": Keyword(block=_VIRTUAL_SERVER),
    "virtual_server_group": Keyword(_any_values),
    "SSL": Keyword(block=_words("ca certificate key password")),
}
