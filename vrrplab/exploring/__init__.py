"""Every order of failures and repairs, up to a bound: which of them breaks what a cluster promises."""
