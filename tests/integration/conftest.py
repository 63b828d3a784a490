"""Databases for these tests, and what tests recorded of their runs."""

import pytest

from tests.support.database_fixtures import database, database_server, plain_url

__all__ = ["database", "database_server", "plain_url"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what tests recorded of their runs: seeds, how often each place was hit."""
    for report in terminalreporter.getreports("passed"):
        if report.when == "call":
            for name, value in report.user_properties:
                terminalreporter.write_line(f"{name}: {value}")
