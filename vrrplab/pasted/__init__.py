"""Text that stands for frames or for events: hex in every shape, tcpdump's lines, daemons' logs."""
