"""The daemons' log lines, word for word, by version. Nothing but text lives here.

Templates of keepalived 2.2.7 and 2.4.3 as their logs show them (time stamps left off). A key is what
happened (``entering MASTER`` where the state makes another line of it); ``say`` fills in the names. Versions
that say the same share one entry. FRR's lines are 8.4.4's, as far as measured, without "VRRP: [CODE]".
"""

# ruff: noqa: E501 - a log line stands on one line, as the daemon writes it
from __future__ import annotations

from vrrplab.errors import DropReason as R

COMMON: dict[str, str] = {
    "assigned": "Assigned address {address} for interface {interface}",
    "deassigned": "Deassigned address {address} from interface {interface}",
    "address_gone": "Netlink reflector reports IP {address} removed from {interface}",
    "interface": "Netlink reports {interface} {state}",
    "interface_added": "Interface {interface} added",
    "still_down": "({name}) interface {interface} is down",
    "interface_deleted": "Interface {interface} deleted",
    "interface_awaited": "Configuration specifies interface {interface} which doesn't currently exist - will use if created",
    "interface_missing": "Non-existent interface specified in configuration",
    "multicast_unbound": "bind for multicast failed 19 - No such device",
    "start_delay": "Delaying startup for {seconds:g} seconds",
    "start_fault_interface": "({name}): entering FAULT state (interface {interface} down)",
    "start_fault_address": "({name}) entering FAULT state (no IPv{family} address for interface)",
    "start_fault": "({name}) entering FAULT state",
    "start_fault_source": "({name}): entering FAULT state (src address not configured)",
    "unbound": "bind unicast_src {source} failed 99 - Cannot assign requested address",
    "removing_vips": "({name}) removing VIPs.",
    "removing_evips": "({name}) removing E-VIPs.",
    "vip_gone": "({name}) ip address {address} dev {interface}, no longer exist",
    "setting_vips": "({name}) setting VIPs.",
    "setting_evips": "({name}) setting E-VIPs.",
    "setting_routes": "({name}) setting Virtual Routes",
    "setting_rules": "({name}) setting Virtual Rules",
    "removing_routes": "({name}) removing Virtual Routes",
    "removing_rules": "({name}) removing Virtual Rules",
    "route_gone": "Removing route {route}",
    "rule_gone": "ip rule from {ends} removed",
    "backup_init": "({name}) Entering BACKUP STATE (init)",
    "entering": "({name}) Entering {state} STATE",
    "timeout": "({name}) Receive advertisement timeout",
    "sent_zero": "({name}) sent 0 priority",
    "backup_got_zero": "({name}) Backup received priority 0 advertisement",
    "master_got_zero": "({name}) Master received priority 0 message",
    "lower_discarded": "({name}) received lower priority ({priority}) advert from {source} - discarding",
    "lower_answered": "({name}) Received advert from {source} with lower priority {priority}, ours {ours}{tail}",
    "higher": "({name}) Master received advert from {source} with higher priority {priority}, ours {ours}",
    "same_higher_ip": "({name}) Master received advert from {source} with same priority {priority} but higher IP"
    " address than ours",
    "same_address": "({name}) WARNING - equal priority advert received from remote host with our IP address.",
    "preempt_start": "({name}) start preempt delay ({seconds:.6f})",
    "preempt_stop": "({name}) stop preempt delay",
    "interval_learned": "({name}) advertisement interval updated from {old_ms}ms to {new_ms}ms by master",
    "interval_own": "({name}) changing advert interval from {old_ms}ms to locally configured {new_ms}ms",
    "start_fault_file": "({name}): entering FAULT state (tracked file {file} has status {status})",
    "start_fault_process": "({name}) entering FAULT state (tracked process {process} quorum not achieved)",
    "file_fault": "({name}): tracked file {file} now FAULT state",
    "file_well": "({name}): tracked file {file} leaving FAULT state",
    "file_invalid": "Invalid number {value} read from {path} - ignoring",
    "priority_set": "({name}) Setting effective priority to {new}",
    "quorum": "Quorum {what} for tracked process {process}",
    "bfd": "VRRP_Instance({name}) Tracked BFD instance {bfd} is {state}",
    "priority": "({name}) Changing effective priority from {old} to {new}",
    "garp_queue": "({name}) Sending/queueing gratuitous ARPs on {interface} for {address}",
    "na_queue": "({name}) Sending/queueing Unsolicited Neighbour Adverts on {interface} for {address}",
    "garp": "Sending gratuitous ARP on {interface} for {address}",
    "na": "Sending unsolicited Neighbour Advert on {interface} for {address}",
    "own_garp": "{name}: sending gratuitous ARP for {address}",
    "own_na": "{name}: sending gratuitous NA for {address}",
    "garp_error": "Error {errno} ({text}) sending gratuitous ARP on {interface} for {address}",
    "send_error": "({name}): send advert error {errno} ({text})",
    "unicast_error": "({name}) Cant send advert to {peer} ({text})",
    "group_sync": "VRRP_Group({group}) Syncing instances to {state} state",
    "group_start_fault": "VRRP_Group({group}): Syncing {name} to FAULT state",
    "script_now": "Script `{script}` now returning {status}",
    "script_succeeded": "VRRP_Script({script}) succeeded",
    "script_failed": "VRRP_Script({script}) failed ({how} {code})",
    "script_timed_out": "VRRP_Script({script}) timed_out",
    "script_running": "Track script {script} is {state}, expect idle - skipping run",
    "script_reload_ok": "VRRP_Script({script}) considered successful on reload",
    "script_reload_bad": "VRRP_Script({script}) considered unsuccessful on reload",
    "script_not_found": "Script {path} cannot be accessed - No such file or directory",
    "script_not_in_path": "Cannot find script {path} in path - disabling",
    "script_missing": "Disabling track script {script} since not found/accessible",
    "vmac_created": "({name}): Success creating VMAC interface {interface}",
    "sysctl_set": "NOTICE: setting sysctl net.ipv4.conf.{where}.rp_filter from {old} to {new}",
    "sysctl_reset": "NOTICE: resetting sysctl net.ipv4.conf.{where}.rp_filter to {old}",
    "vmac_found": "({name}) Found matching interface {interface}",
    "vmac_removed": "({name}) Success removing VMAC interface {interface}",
    "accept_drop": "({name}) setting firewall drop rule",
    "accept_restore": "({name}) removing firewall drop rule",
    "late": "A thread timer expired {seconds:.6f} seconds ago",
    "stopping": "Stopping",
    "reloading_parent": "Reloading ...",
    "reloading": "Reloading",
    "reloaded": "Reload complete",
    "ah_sync": "({name}) IPSEC-AH : Syncing seq_num - Increment seq",
    "AUTH_AH": "({name}) IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !",
    R.REPLAYED.name: "({name}) IPSEC-AH : sequence number {got} already"
    " processed. Packet dropped. Local({ours})",
}

BY_VERSION: dict[str, dict[str, str]] = {
    "2.2.7": {
        R.BAD_TTL.name: "({name}) invalid TTL/HL. Received {got} and expect 255",
        R.BAD_VERSION.name: "({name}) wrong version. Received {got} and expect {ours}",
        R.BAD_AUTH_TYPE.name: "({name}) received a {got} auth, expecting {ours}!",
        R.AUTH_MISMATCH.name: "({name}) received an invalid passwd!",
        R.BAD_INTERVAL.name: "({name}) advertisement interval mismatch mine={ours} sec rcv'd={got} sec",
        R.BAD_COUNT.name: "({name}) received an unexpected ip number count {got}, expected {ours}!",
        R.ADDRESS_LIST_MISMATCH.name: "({name}) ip address associated with VRID {vrid} not present"
        " in MASTER advert:"
        " {address}",
        R.BAD_CHECKSUM.name: "({name}) Invalid VRRPv{version} checksum",
        R.NOT_A_PEER.name: "({name}) unicast source address {source} not a unicast peer",
        "two_owners": "({name}) CONFIGURATION ERROR: local instance and a remote instance are both configured"
        " as address owner, please fix - reducing local priority",
    },
    "2.4.3": {
        R.BAD_TTL.name: "({name}) invalid TTL/HL from {source}. Received {got} and expect 255",
        R.BAD_VERSION.name: "({name}) wrong VRRP version from {source}. Received {got} and expect {ours}",
        R.BAD_AUTH_TYPE.name: "({name}) received a {got} auth from {source}, expecting {ours}!",
        R.AUTH_MISMATCH.name: "({name}) received an invalid passwd from {source}!",
        R.BAD_INTERVAL.name: "({name}) advertisement interval mismatch with {source}"
        " mine={ours} sec rcv'd={got} sec",
        R.BAD_COUNT.name: "({name}) expected {ours} VIPs but received {got}",
        R.ADDRESS_LIST_MISMATCH.name: "({name}) ip address associated with VRID {vrid} not present"
        " in advert from"
        " {source}: {address}",
        R.BAD_CHECKSUM.name: "({name}) Invalid VRRPv{version} checksum from {source}",
        R.NOT_A_PEER.name: "({name}) unicast source address {source} not a unicast peer",
        "v3_interval": "({name}) advertisement interval mismatch ours = {ours} centi-sec rcv'd={got} centi-sec",
        R.ADDRESS_OWNER.name: "({name}) Dropping packet(s) from {source} since we are address owner",
        "two_owners": "({name}) CONFIGURATION ERROR: local instance and {source} are both configured as address"
        " owner, please resolve",
        "owner_persists": "({name}) {source} is still advertising as address owner, please resolve - reducing"
        " our priority",
        "owner_gone": "({name}): rogue address owner appears to have stopped advertising",
        "owner_restored": "({name}) Restoring our priority to 255 since received advert with lower priority",
        "owner_alone": "({name}) Restoring our priority to 255 since other address owner has disappeared",
        "start_delay_over": "Delayed start completed",
        "master_set": "({name}) master set to {source}",
        "master_changed": "({name}) master changed from {old} to {source}",
    },
}

_FRR = "[CORE] [VRID {vrid}] [IPv{family}] "
FRR: dict[str, str] = {
    "backup_init": f"{_FRR}Initialize -> Backup",
    "timeout": f"{_FRR}Master_Down_Timer expired",
    "entering MASTER": f"{_FRR}Backup -> Master",
    "higher": f"{_FRR}Received advertisement from {{source}} w/ priority {{priority}}; switching to Backup",
    "same_higher_ip": f"{_FRR}Received advertisement from {{source}} w/ priority {{priority}}; switching to Backup",
    "entering BACKUP": f"{_FRR}Master -> Backup",
    "stopping": "Terminating on signal",
    "send_error": f"{_FRR}Failed to send VRRP Advertisement: {{text}}",
    "unbound_macvlan": f"{_FRR}Failed to find address to bind on vrrp{{family}}-{{vrid}}",
}


def say(wording: str, key: str, **values: object) -> str:
    """The line of that version for what happened; "" where the version says nothing."""
    if wording == "frr":
        template = FRR.get(key) or FRR.get(f"{key} {values.get('state')}", "")
    else:
        template = BY_VERSION[wording].get(key) or COMMON.get(key, "")
    return template.format(**values)
