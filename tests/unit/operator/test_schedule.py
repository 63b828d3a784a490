"""When a Drill is due, also in the nights in which the clock is changed."""

from datetime import UTC, datetime, timedelta

import pytest
from ardoise_operator.schedule import Schedule

WITHIN = timedelta(seconds=300)
NIGHTLY = Schedule("30 2 * * *", "Europe/Amsterdam")
PUT_FORWARD, PUT_BACK = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)


def all_due(schedule: Schedule, day: datetime) -> list[str]:
    """Instants of a day, in UTC, as one who looks every ten seconds sees them."""
    looks = (day + timedelta(seconds=10 * number) for number in range(24 * 360))
    found = {due for look in looks if (due := schedule.due(look, WITHIN)) is not None}
    return [f"{due.astimezone(UTC):%H:%M}" for due in sorted(found)]


@pytest.mark.parametrize(
    ("day", "found"),
    [(PUT_FORWARD, ["01:00"]), (PUT_BACK, ["00:30"]), (datetime(2026, 7, 7, tzinfo=UTC), ["00:30"])],
    ids=["skipped", "doubled", "summer"],
)
def test_a_run_at_half_past_two_comes_once_in_every_night(day: datetime, found: list[str]):
    assert all_due(NIGHTLY, day) == found


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (PUT_FORWARD, PUT_FORWARD.replace(hour=1)),
        (PUT_FORWARD.replace(hour=1), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)),
        (PUT_BACK, PUT_BACK.replace(minute=30)),
        (PUT_BACK.replace(hour=1, minute=10), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_next_one_is_after_now(now: datetime, found: datetime):
    assert NIGHTLY.next(now) == found


def test_one_that_is_due_is_so_at_once_and_for_its_time():
    at = datetime(2026, 7, 7, 0, 30, tzinfo=UTC)
    assert NIGHTLY.due(at - timedelta(milliseconds=1), WITHIN) is None
    assert NIGHTLY.due(at, WITHIN) == at
    assert NIGHTLY.due(at + WITHIN - timedelta(seconds=1), WITHIN) == at
    assert NIGHTLY.due(at + WITHIN, WITHIN) is None
    every_minute = Schedule("* * * * *", "Etc/UTC")
    assert every_minute.due(at + timedelta(seconds=119), WITHIN) == at + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("fields", "zone", "message"),
    [
        ("30 2 * * *", "Europe/Atlantis", "no time zone Europe/Atlantis"),
        ("30 2 * * *", "Amsterdam/", "no time zone"),
        ("30 2 31 2 *", "Europe/Amsterdam", "schedule 30 2 31 2 \\*: Bad day-of-month"),
        ("5-1 * * * *", "Europe/Amsterdam", "Bad minute"),
    ],
)
def test_what_is_not_understood_is_said_in_words(fields: str, zone: str, message: str):
    with pytest.raises(ValueError, match=message):
        Schedule(fields, zone)
