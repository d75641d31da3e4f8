"""What ``import vrrplab`` gives to notebooks: simulate, cluster, tune, captures, evidence."""
