"""Relays against a real ingest on a real nats-server."""

LIMIT_S = 20
