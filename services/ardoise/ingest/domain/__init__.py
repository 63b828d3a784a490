"""Ingest's decisions, pure: what is let in, what race control may decide."""
