"""Times in which nothing of the race was written."""

from ardoise.pb.sites_pb2 import WritePause
from ardoise.sites.store import AFTERMATH_MS, PAUSE_MS, Pauses


def newest(*written_ms: int) -> WritePause | None:
    pauses = Pauses()
    for one in written_ms:
        pauses.saw(one)
    return pauses.newest


def test_writes_every_second_leave_no_pause():
    assert newest(10_000, 11_000, 11_000, 12_400) is None


def test_a_pause_is_from_the_last_write_to_the_first_that_was_seen():
    assert newest(10_000, 10_000, 10_000 + PAUSE_MS + 1, 13_000) == WritePause(
        from_ms=10_000, to_ms=10_000 + PAUSE_MS + 1
    )


def test_the_newest_pause_is_kept():
    assert newest(10_000, 20_000, 21_000, 31_000) == WritePause(from_ms=21_000, to_ms=31_000)


def test_a_database_without_a_row_is_no_pause():
    assert newest(0, 0, 10_000) is None


def test_a_shorter_pause_soon_after_a_long_one_does_not_take_its_place():
    pauses = Pauses()
    for written_ms in (1_000, 21_000, 22_000, 29_000):
        pauses.saw(written_ms)
    assert (pauses.newest.from_ms, pauses.newest.to_ms) == (1_000, 21_000)
    pauses.saw(29_000 + AFTERMATH_MS)
    pauses.saw(31_000 + AFTERMATH_MS)
    assert pauses.newest.to_ms == 31_000 + AFTERMATH_MS
