"""What security hears of the logs."""

from ardoise.pb.race_pb2 import OddityKind, OddityRecord
from ardoise.pb.sites_pb2 import LogRange, LogsReport, MirrorReport, SiteReport
from ardoise.sites.alarms import oddities

OLD, NEW, NOW_MS = 1_700_000_000_000, 1_700_000_060_000, 1_700_000_070_000


def found(*mirrors: MirrorReport, taken: int = 10, bound: int = 100) -> list[OddityRecord]:
    truck = LogsReport(
        logs=[
            LogRange(epoch=epoch, first_sequence=1, last_sequence=7, bytes=taken, max_bytes=bound)
            for epoch in (OLD, NEW)
        ]
    )
    reports = {
        "truck": SiteReport(site="truck", logs=truck),
        "london": SiteReport(site="london", mirrors=mirrors),
    }
    return list(oddities(reports, "truck", NOW_MS))


def test_a_log_that_has_room_and_follows_is_no_trouble():
    assert found(MirrorReport(stream=f"LOG_{OLD}", state="following")) == []
    assert found(taken=74) == []


def test_a_log_without_a_bound_never_fills():
    assert found(taken=10**12, bound=0) == []


def test_three_quarters_are_said():
    oddity = found(taken=75)[0]
    assert oddity.kind == OddityKind.ODDITY_KIND_LOG_FILLING
    assert (oddity.oddity_id, oddity.time_ms, oddity.epoch) == (f"{OLD}-filling", NOW_MS, OLD)


def test_a_log_that_was_given_up_is_one_trouble_at_every_site_and_after_every_restart():
    given_up = MirrorReport(stream=f"LOG_{OLD}", state="succeeded")
    (oddity,) = found(given_up, MirrorReport(stream="REFUSED", state="following"))
    assert oddity.kind == OddityKind.ODDITY_KIND_LOG_GIVEN_UP
    assert (oddity.oddity_id, oddity.time_ms, oddity.epoch) == (f"{OLD}-given-up", NEW, OLD)


def test_a_truck_that_does_not_answer_is_no_trouble_of_its_log():
    assert list(oddities({}, "truck", NOW_MS)) == []
