"""The estimated power beside what a power meter measured: one ride of 57 km, 1,250 m up, alone, weather unknown.

The rider is two metres tall and weighs 81 kg, so that a bike with everything on it weighs about what the heaviest of
the model does. Nothing was fitted on this ride.
"""

from pathlib import Path

import fitdecode
import numpy as np
import pytest
from ardoise.analytics.deriver import Deriver
from ardoise.pb import common_pb2, race_pb2, setup_pb2

from tests.support.rider_values import EPOCH, T0_MS

RIDER_KG = 81.0
MEAN_S = 30
PIECES, LEAD_S = 32, 32
"""The ride is cut into pieces, each a rider's: all are derived at once. Each begins so much before it counts."""
LEAST_INSIDE, LEAST_INSIDE_WPKG = 0.70, 0.87


def recorded(path: Path) -> dict[str, np.ndarray]:
    """Columns of a FIT file, one element a second."""
    names = ("distance", "altitude", "speed", "power")
    with fitdecode.FitReader(path) as reader:
        rows = [
            [float(frame.get_value(name)) for name in names]
            for frame in reader
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record"
        ]
    return dict(zip(names, np.array(rows).T, strict=True))


def stage_of(ride: dict[str, np.ndarray]) -> setup_pb2.StageSetup:
    setup = setup_pb2.StageSetup(stage_id="ride")
    kept = np.concatenate([[True], np.diff(np.maximum.accumulate(ride["distance"])) > 0])
    setup.route.distance_cm.extend(np.rint(100 * ride["distance"][kept]).astype(int).tolist())
    setup.route.elevation_cm.extend(np.rint(100 * ride["altitude"][kept]).astype(int).tolist())
    setup.route.finish_cm = setup.route.distance_cm[-1]
    for bib in range(1, PIECES + 1):
        setup.riders.add(bib=bib)
    return setup


def derived(ride: dict[str, np.ndarray]) -> np.ndarray:
    """Both ends of the power, W, both by weight, W/kg, and the measured mean: [value, second]."""
    deriver, length = Deriver(), len(ride["power"]) // PIECES
    deriver.begin_stage(EPOCH, stage_of(ride))
    total = np.concatenate([[0.0], np.cumsum(ride["power"])])
    found = []
    for step in range(length + LEAD_S):
        snapshot = race_pb2.Snapshot(
            race_time_ms=T0_MS + 1000 * step, race_state=common_pb2.RACE_STATE_RACING
        )
        seconds = {bib: (bib - 1) * length + step - LEAD_S for bib in range(1, PIECES + 1)}
        for bib, second in seconds.items():
            if second >= 0:
                at_cm = round(100 * ride["distance"][second])
                speed_mmps = round(1000 * ride["speed"][second])
                status = common_pb2.RIDER_STATUS_RACING
                snapshot.riders.add(bib=bib, status=status, distance_cm=at_cm, speed_mmps=speed_mmps)
                snapshot.groups.add(group_id=bib, bibs=[bib], distance_cm=at_cm)
        deriver.take(snapshot)
        for rider in deriver.newest.value.riders:
            second = seconds[rider.bib]
            if step >= LEAD_S and second >= MEAN_S and rider.HasField("power_low_w"):
                measured_w = (total[second + 1] - total[second + 1 - MEAN_S]) / MEAN_S
                power = (rider.power_low_w, rider.power_high_w, rider.power_low_wpkg, rider.power_high_wpkg)
                found.append((*power, measured_w))
    return np.array(found).T


@pytest.mark.slow
def test_the_interval_holds_what_a_power_meter_measured(shared_data: Path):
    low_w, high_w, low_wpkg, high_wpkg, measured_w = derived(
        recorded(shared_data / "rides/ride-57km-power.fit")
    )
    assert len(measured_w) > 8_000
    shares = {}
    for unit, low, high, measured in (
        ("W", low_w, high_w, measured_w),
        ("W/kg", low_wpkg, high_wpkg, measured_w / RIDER_KG),
    ):
        # Ends are rounded outwards and travel as float32.
        inside = (measured >= low - 1e-3) & (measured <= high + 1e-3)
        shares[unit] = inside.mean()
        print(
            f"\nmean power of 30 s, {len(inside)} seconds, {unit}: {inside.mean():.1%} inside, "
            f"{(measured < low).mean():.1%} below, {(measured > high).mean():.1%} above; "
            f"interval {np.median(high - low):.1f} wide (median), measured {measured.mean():.1f} on average",
            end="",
        )
    assert shares["W"] > LEAST_INSIDE
    assert shares["W/kg"] > LEAST_INSIDE_WPKG
