_NOTIFY = "{{'priority ': '{} \"/usr/sbin/squid -k reconfigure\"\\n    priority '}}"
_BLOCK = "{{'vrrp_script chk': 'global_defs {{\\n    {}\\n}}\\n\\nvrrp_script chk'}}"
_OPEN = 'notify_master "/usr/sbin/squid -k reconfigure"'
_START = 'notify_fault "/usr/bin/systemctl restart squid"'
MISSES = {
    "08-count": [("1", "more often"), ("5", "less often")],
    "08-last": [("255", "one more word")],
    "08-bound": [
        (_NOTIFY.format("notify_backup"), "serves no page"),
        ("{'priority 255': 'priority 254'}", "no notify"),
        (_NOTIFY.format("notify_master"), "nobody has started Squid"),
        (f"{{'priority ': '{_START}\\n    priority '}}", "to the end; 2 notify scripts ran"),
        ("{'priority 255': 'priority 50'}", "With nothing broken"),
    ],
    "08-security": [
        (_BLOCK.format("enable_script_security"), "Script user"),
        ("{'chk_squid_service': 'chk'}", "Script user"),
    ],
}
