"""Trackers that people own in, on ports of their own; a relay's frames out."""
