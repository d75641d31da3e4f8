"""keepalived.conf: text to values, each with its place, its defaults and what keepalived corrects."""
