"""Decisions of the trackers' gateway, pure."""
