"""The programs of Debian 13, for these tests."""

from tests.support.stretched import programs

__all__ = ["programs"]
