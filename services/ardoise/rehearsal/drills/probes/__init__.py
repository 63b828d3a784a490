"""Probes: what a drill sees for itself, all through, independent of the platform's own word."""
