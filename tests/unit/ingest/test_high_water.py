"""The mark that says how far this site has acknowledged."""

import os

import pytest
from ardoise.ingest.high_water import HighWaterMarks

from tests.support.stage import small_stage


@pytest.fixture
def marks(tmp_path):
    marks = HighWaterMarks(tmp_path)
    marks.open(7, small_stage())
    yield marks
    marks.close()


async def test_the_mark_is_read_as_it_was_raised(marks, tmp_path):
    for sequence in (1, 5, 9):
        await marks.raise_to(7, sequence)
    again = HighWaterMarks(tmp_path)
    assert again.epochs() == [7]
    assert again.read(7) == 9
    assert again.set_up(7).stage_id == "test-1"


async def test_a_torn_write_costs_one_step_and_not_the_mark(marks, tmp_path):
    await marks.raise_to(7, 41)
    await marks.raise_to(7, 42)
    content = bytearray((tmp_path / "7.mark").read_bytes())
    assert marks.read(7) == 42
    # The newest of the two slots was being written when the power went.
    newest = max((0, 20), key=lambda at: int.from_bytes(content[at : at + 8], "little"))
    content[newest + 9] ^= 0xFF
    (tmp_path / "7.mark").write_bytes(content)
    assert HighWaterMarks(tmp_path).read(7) == 41


def test_an_epoch_without_a_mark_or_with_rubbish_reads_zero(tmp_path):
    marks = HighWaterMarks(tmp_path)
    assert marks.read(3) == 0
    (tmp_path / "3.mark").write_bytes(os.urandom(13))
    assert marks.read(3) == 0


async def test_marks_go_on_after_a_restart(marks, tmp_path):
    await marks.raise_to(7, 10)
    again = HighWaterMarks(tmp_path)
    again.open(7, small_stage())
    await again.raise_to(7, 11)
    again.close()
    assert HighWaterMarks(tmp_path).read(7) == 11


def test_seams_are_kept_until_every_region_was_compared_and_go_with_their_epoch(marks, tmp_path):
    marks.keep_seam(7, 151)
    marks.keep_seam(7, 200)
    marks.keep_seam(7, 200)
    again = HighWaterMarks(tmp_path)
    assert (again.seams(7), again.seams(8)) == ([151, 200], [])
    again.forget_seams(7)
    assert marks.seams(7) == []
    marks.keep_seam(7, 1)
    marks.retire(7)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_of_very_many_starts_without_a_region_the_newest_count(marks):
    for sequence in range(1, 300):
        marks.keep_seam(7, sequence)
    assert marks.seams(7) == list(range(44, 300))
