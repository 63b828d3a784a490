"""What a drill reads of the reports that a stale primary leaves (ardoise.sites.set_aside writes them)."""

import json
import os
from pathlib import Path

from ardoise.rehearsal.drills.evidence import Counted, SetAside
from ardoise.rehearsal.drills.history import History
from ardoise.rehearsal.drills.readback import read_set_aside

EPOCH, BEGAN_MS = 1_795_000_000_000, 1_795_000_600_000
LINES = (
    {"kind": "stale primary", "site": "amsterdam", "timeline": 7, "fork_lsn": "0/5000000", "transactions": 3},
    {"kind": "row", "table": "drill_decision", "row": {"key": "amsterdam-alone-1", "timeline": 7}},
    {"kind": "rows", "table": "drill_decision", "rows": 1, "left_off": 0},
    {"kind": "row", "table": "draft", "row": {"key": "somebody's"}},
    {"kind": "count", "table": "frame", "epoch": EPOCH, "rows": 4, "first": 20, "last": 26},
    {"kind": "count", "table": "frame", "epoch": EPOCH - 1, "rows": 9, "first": 1, "last": 9},
    {"kind": "count", "table": "snapshot", "rows": None},
)


def report(directory: Path, name: str, written_ms: int) -> None:
    path = directory / name
    path.write_text("\n".join(map(json.dumps, LINES)) + "\n")
    os.utime(path, (written_ms / 1000, written_ms / 1000))


def test_of_the_reports_since_it_began_its_own_rows_and_the_counts_of_its_epoch(tmp_path: Path):
    report(tmp_path, "3-0_3000000.jsonl", BEGAN_MS - 5_000)
    report(tmp_path, "7-0_5000000.jsonl", BEGAN_MS + 30_000)
    (tmp_path / "unreadable.jsonl").write_text("{}\n")

    found = read_set_aside(tmp_path, History(epoch=EPOCH, origin_utc_ms=BEGAN_MS))

    assert found == [SetAside(7, frozenset({"amsterdam-alone-1"}), {"frame": Counted(4, 20, 26)})]


def test_a_region_that_was_never_stale_has_none(tmp_path: Path):
    assert read_set_aside(tmp_path / "set-aside", History(epoch=EPOCH)) == []
