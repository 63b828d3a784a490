"""Provisional results and virtual standings: the UCI's rules for road races as pure functions of what the engine knows.

Whole numbers throughout: instants in milliseconds, times in seconds, as results are published.
"""
