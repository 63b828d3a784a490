"""One bit, in the middle of the newest log, and nothing else."""

import random
from pathlib import Path

import pytest
from ardoise.up.flipped_bit import flip_log_bit


def test_one_bit_of_the_newest_log_flips(tmp_path: Path):
    blocks = {}
    for stream in ("LOG_17", "LOG_18", "REFUSED"):
        block = tmp_path / "jetstream" / "RACE" / "streams" / stream / "msgs" / "1.blk"
        block.parent.mkdir(parents=True)
        block.write_bytes(bytes(300))
        blocks[stream] = block
    flip_log_bit(tmp_path, random.Random(1))
    changed = {stream: sum(block.read_bytes()) for stream, block in blocks.items()}
    assert changed == {"LOG_17": 0, "LOG_18": 1, "REFUSED": 0}
    assert 100 <= blocks["LOG_18"].read_bytes().index(1) < 200


def test_without_a_log_nothing_is_flipped(tmp_path: Path):
    with pytest.raises(OSError, match="holds no log"):
        flip_log_bit(tmp_path, random.Random(1))
