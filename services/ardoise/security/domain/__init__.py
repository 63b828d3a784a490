"""The decisions of security monitoring: pure, no clock, no I/O."""
