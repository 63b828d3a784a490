"""Positioning: the log to where everyone is, groups, gaps, race events; its recorder writes them down."""
