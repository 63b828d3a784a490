"""What a stopped directory has that the primary has not."""

from pathlib import Path

import pytest
from ardoise.sites.stopped_database import Fork, Primary, StoppedDatabase

PRIMARY = Primary(system="7", timeline=3, position="1/40", history="1\t0/5000000\tgone\n2\t0/9000000\tgone\n")
CONTROL = """\
Database system identifier:           7
Latest checkpoint's REDO location:    1/3000028
Bytes per WAL segment:                16777216
"""


@pytest.fixture
def stopped(tmp_path: Path) -> StoppedDatabase:
    """It has no segment of its log where we ask."""
    controldata = tmp_path / "pg_controldata"
    controldata.write_text(f'#!/bin/sh\necho "{CONTROL}"\n')
    controldata.chmod(0o700)
    return StoppedDatabase(tmp_path, tmp_path / "data")


def test_a_stale_primary_has_what_came_after_the_primary_left_its_timeline():
    assert PRIMARY.fork_of("7", 2) == Fork(2, "0/9000000")


def test_a_standby_of_the_primary_s_own_timeline_has_nothing_before_where_that_is_now():
    assert PRIMARY.fork_of("7", 3) == Fork(3, "1/40")


@pytest.mark.parametrize(("system", "timeline"), [("8", 3), ("8", 2), ("7", 4)])
def test_of_another_origin_nothing_is_known(system: str, timeline: int):
    assert PRIMARY.fork_of(system, timeline) is None


def test_a_log_that_ends_before_the_fork_has_nothing_after_it(stopped: StoppedDatabase):
    assert stopped.system == "7"
    assert stopped.commits_after(Fork(3, "1/3000028")) == []
    assert stopped.commits_after(Fork(3, "2/40")) == []


def test_a_log_that_begins_after_the_fork_tells_nothing(stopped: StoppedDatabase):
    assert stopped.commits_after(Fork(3, "1/3000027")) is None
    assert stopped.commits_after(Fork(3, "0/F0000000")) is None
