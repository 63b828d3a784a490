"""A small stage and frames for tests."""

import time

from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.race.route import prepare_route
from ardoise.trackers.domain.numbers import tracker_of

BOOT = 7


def small_stage(riders: int = 4, **fields: object) -> StageSetup:
    """A straight road of 10 km eastwards at 45 degrees north; bib n rides with tracker 9000 + n."""
    longitudes = [50_000_000 + step * 12_700 for step in range(101)]
    route = prepare_route([450_000_000] * 101, longitudes, None, features=())
    setup = StageSetup(
        stage_id="test-1",
        event_name="Test",
        stage_name="Stage 1",
        planned_start_ms=time.time_ns() // 1_000_000,
        signal_timeout_ms=10_000,
        clock_source=1,
    )
    setup.route.latitude_e7.extend(int(value) for value in route.latitude_e7)
    setup.route.longitude_e7.extend(int(value) for value in route.longitude_e7)
    setup.route.distance_cm.extend(int(value) for value in route.distance_cm)
    setup.route.finish_cm = int(route.finish_cm)
    setup.route.longitude_scale_e9 = int(route.longitude_scale_e9)
    setup.teams.add(code="AAA", name="Team A", colour="#112233")
    for bib in range(1, riders + 1):
        setup.riders.add(bib=bib, family_name=f"Rider {bib}", team_code="AAA")
        setup.assignments.add(tracker=9000 + bib, bib=bib)
    for name, value in fields.items():
        setattr(setup, name, value)
    return setup


def stage_with(*devices: tuple[str, str]) -> StageSetup:
    """Rider 1 and on ride with these: sources of the trackers' gateway, and names."""
    setup = small_stage(riders=len(devices))
    del setup.assignments[:]
    for bib, (source, device) in enumerate(devices, 1):
        setup.assignments.add(tracker=tracker_of(source, device), bib=bib)
    return setup


def frame_of(relay_id: str, number: int, trackers: list[int], *, at_ms: int | None = None) -> TelemetryFrame:
    """A frame with one fix a tracker, all at kilometre 1."""
    count = len(trackers)
    return TelemetryFrame(
        relay_id=relay_id,
        boot_id=BOOT,
        frame_number=number,
        base_time_ms=at_ms if at_ms is not None else time.time_ns() // 1_000_000,
        tracker=trackers,
        time_offset_ms=[0] * count,
        latitude_e7=[450_000_000] * count,
        longitude_e7=[50_127_000] * count,
        speed_mmps=[11_000] * count,
    )
