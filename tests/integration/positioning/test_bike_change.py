"""A change of bikes at a stated second: the rider is where the new tracker is, and the old one is nobody's."""

import pytest
from ardoise.pb import race_pb2
from ardoise.pb.control_pb2 import AssignTracker, Decision
from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.trackers.domain.numbers import tracker_of

from tests.integration.positioning.conftest import STEP_E7_PER_M, T0_MS, Log, until

PHONE = tracker_of("osmand", "k7m2p9qwxz4t")
CHANGED_AT = 20
MPS = 12


async def heard(log: Log, second: int, tracker: int, distance_m: float) -> None:
    """One fix, through the gateway."""
    frame = TelemetryFrame(
        relay_id="gateway",
        boot_id=1,
        frame_number=1,
        base_time_ms=T0_MS + second * 1000,
        tracker=[tracker],
        time_offset_ms=[0],
        latitude_e7=[450_000_000],
        longitude_e7=[50_000_000 + round(distance_m * STEP_E7_PER_M)],
    )
    await log.write("fix.gateway", second, frame=frame)


@pytest.mark.parametrize(
    ("told_at", "seen_until"),
    [
        (CHANGED_AT, CHANGED_AT + 10),
        # The engine has followed the bike that was left, and takes half a minute to believe the way in between.
        (2 * CHANGED_AT, 5 * CHANGED_AT),
    ],
    ids=["at once", "20 s late"],
)
async def test_a_rider_is_where_the_new_bikes_phone_is_from_the_stated_second_on(
    log: Log, race, told_at: int, seen_until: int
):
    change = Decision(
        decision_id="change",
        effective_time_ms=T0_MS + CHANGED_AT * 1000,
        assign=AssignTracker(tracker=PHONE, bib=1),
    )
    await log.start()
    for second in range(1, seen_until):
        if second == told_at:
            await log.write("decision", second, decision=change)
        # The old bike stays where it was left; the new one came on a car's roof, 300 m ahead.
        await heard(log, second, 9001, MPS * min(second, CHANGED_AT))
        await heard(log, second, PHONE, MPS * second + (300 if second < CHANGED_AT else 0))
    await log.beat(seen_until + 0.5)

    async def there():
        snapshot = (await race.GetSnapshot(race_pb2.GetSnapshotRequest())).snapshot
        return snapshot if snapshot.name.sequence == log.last_sequence - 1 else None

    (rider,) = [rider for rider in (await until(there)).riders if rider.bib == 1]
    assert rider.distance_cm / 100 == pytest.approx(MPS * (seen_until - 1), abs=30)
