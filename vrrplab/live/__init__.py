"""A router on real sockets: the machine driven by the kernel's clock, packets and interfaces."""
