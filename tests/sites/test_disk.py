"""A power cut keeps what was synced, and nothing else; a disk is full, or stands, for as long as it is told to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TRIAL = Path(__file__).with_name("disk_trial.py")
LIMIT_S = 60


def test_a_disk_loses_what_was_not_synced_has_no_room_and_stands_still_as_it_is_told_to(tmp_path: Path):
    done = subprocess.run([sys.executable, TRIAL, tmp_path], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if "unavailable" in found:
        pytest.skip(f"power cuts: {found['unavailable']}")
    assert found["synced"] == "synced"
    assert not found["lazy"]
    assert all(found[what] for what in ("full", "has room", "stands", "eased")), found
    # Mounted in a namespace of that process: gone with it.
    assert not any((tmp_path / "disk").iterdir())
