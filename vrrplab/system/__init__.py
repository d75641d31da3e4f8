"""Linux: netlink, namespaces, privilege, a sniffer, and what this machine allows."""
