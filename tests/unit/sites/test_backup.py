"""Which backups count, and which go."""

import datetime as dt
from pathlib import Path

from ardoise.sites.backup import LOGS, begin, complete, prune, whole

NIGHT = dt.datetime(2026, 7, 7, 2, 15, tzinfo=dt.UTC)


def made(directory: Path, day: int) -> Path:
    partial = begin(directory, NIGHT + dt.timedelta(days=day))
    (partial / LOGS).mkdir()
    return complete(partial, "london", {1_700_000_000_001: 42})


def test_a_backup_counts_once_it_is_whole_under_the_instant_it_was_begun(tmp_path: Path):
    partial = begin(tmp_path, NIGHT.astimezone(dt.timezone(dt.timedelta(hours=2))))
    assert whole(tmp_path) == []
    done = complete(partial, "london", {1_700_000_000_001: 42})
    assert done.name == "2026-07-07T02-15-00Z"
    assert whole(tmp_path) == [done]


def test_what_was_left_half_done_goes_with_the_next(tmp_path: Path):
    left = begin(tmp_path, NIGHT)
    begin(tmp_path, NIGHT + dt.timedelta(days=1))
    assert not left.exists()


def test_the_oldest_go_and_never_the_newest(tmp_path: Path):
    days = [made(tmp_path, day) for day in range(4)]
    unfinished = begin(tmp_path, NIGHT + dt.timedelta(days=9))
    assert prune(tmp_path, 2) == days[:2]
    assert whole(tmp_path) == days[2:]
    assert prune(tmp_path, 2) == []
    assert unfinished.exists()
