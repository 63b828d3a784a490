"""Checkpoints on disk: whole or not there, newest first, no more than needed."""

from pathlib import Path

import pytest
from ardoise.chassis.log import LogEntry
from ardoise.pb.log_pb2 import Heartbeat, LogRecord
from ardoise.positioning.checkpoints import KEPT, Checkpoints
from ardoise.positioning.domain import Race
from ardoise.race.checkpoint import MAGIC

from tests.support.stage import frame_of, small_stage

T0_MS = 1_700_000_000_000
EPOCH = 1_000


def race_until(last: int) -> Race:
    """A race whose log has had so many records."""
    race = Race(EPOCH)
    race.apply(LogEntry(1, LogRecord(log_time_ms=T0_MS)))
    race.apply(LogEntry(2, LogRecord(log_time_ms=T0_MS, stage_setup=small_stage(planned_start_ms=T0_MS))))
    for sequence in range(3, last + 1):
        frame = frame_of("moto-1", sequence, [9001, 9002], at_ms=T0_MS + sequence * 1000)
        race.apply(LogEntry(sequence, LogRecord(log_time_ms=T0_MS + sequence * 1000, frame=frame)))
    return race


@pytest.fixture(scope="module")
def saved() -> dict[int, bytes]:
    return {sequence: race_until(sequence).checkpoint() for sequence in (10, 20, 30, 40, 50)}


def test_the_newest_three_are_kept_and_restored_newest_first(tmp_path: Path, saved) -> None:
    checkpoints = Checkpoints(tmp_path)
    for sequence, content in saved.items():
        checkpoints.save(EPOCH, sequence, content)
    assert len(list(tmp_path.iterdir())) == KEPT
    assert [race.sequence for race in checkpoints.races(EPOCH)] == [50, 40, 30]
    assert [race.sequence for race in checkpoints.races(EPOCH, at_most=45)] == [40, 30]
    assert list(checkpoints.races(EPOCH + 1)) == []


def test_a_torn_file_is_skipped_wherever_it_is_torn(tmp_path: Path, saved) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(EPOCH, 40, saved[40])
    for length in (0, 1, 7, 20, 400, len(saved[50]) // 2, len(saved[50]) - 1):
        checkpoints.save(EPOCH, 50, saved[50][:length])
        assert [race.sequence for race in checkpoints.races(EPOCH)] == [40], length


def test_a_file_from_before_there_was_weather_is_skipped(tmp_path: Path, saved) -> None:
    before, engine, state = saved[50].partition(MAGIC)
    assert before.endswith(bytes(8)), "no reports"
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(EPOCH, 40, saved[40])
    checkpoints.save(EPOCH, 50, before[:-8] + engine + state)
    assert [race.sequence for race in checkpoints.races(EPOCH)] == [40]


def test_what_a_crash_left_half_written_is_removed_and_other_epochs_are_too(tmp_path: Path, saved) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(EPOCH, 10, saved[10])
    (tmp_path / f"1-{EPOCH}-20.new").write_bytes(saved[20])
    (tmp_path / f"0-{EPOCH}-20").write_bytes(b"of an older engine")
    (tmp_path / "1-5-20").write_bytes(b"of an older epoch")
    checkpoints = Checkpoints(tmp_path)
    checkpoints.retain({EPOCH})
    assert [path.name.split("-")[1:] for path in tmp_path.iterdir()] == [[str(EPOCH), "10"]]


def test_a_restored_race_knows_its_stage_its_events_and_its_last_picture(saved) -> None:
    before, after = race_until(30), Race.restore(saved[30])
    assert after.setup == before.setup
    assert after.events == before.events != []
    assert after.closed.message == before.closed.message
    assert (after.sequence, after.activated_ms) == (30, None)
    heartbeat = LogEntry(31, LogRecord(log_time_ms=T0_MS + 40_000, heartbeat=Heartbeat()))
    assert after.apply(heartbeat).snapshot.digest == before.apply(heartbeat).snapshot.digest
