"""Databases for the figures."""

from tests.support.database_fixtures import database, database_server, plain_url

__all__ = ["database", "database_server", "plain_url"]
