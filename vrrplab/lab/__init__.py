"""The article's network in network namespaces, with real daemons: put up, broken, measured, taken down."""
