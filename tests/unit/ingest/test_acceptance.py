"""What ingest lets into the log."""

import pytest
from ardoise.ingest.domain.acceptance import EARLIEST_MS, LATEST_MS, MAX_FIXES, FrameRefused, accept
from ardoise.pb.telemetry_pb2 import RefusalReason, TelemetryFrame
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stage import frame_of

KNOWN = frozenset({9001, 9002, 9003})
INT32 = st.integers(-(2**31), 2**31 - 1)


def reasons(frame: TelemetryFrame) -> list[tuple[int, int]]:
    return [(fix.index, fix.reason) for fix in accept(frame, "moto-1", KNOWN).refused]


def test_a_good_frame_passes_unchanged():
    frame = frame_of("moto-1", 1, [9001, 9002])
    accepted = accept(frame, "moto-1", KNOWN)
    assert accepted.frame == frame
    assert accepted.refused == []


def test_a_clock_years_off_is_let_in_because_an_offset_explains_it():
    assert reasons(frame_of("moto-1", 1, [9001], at_ms=1_100_000_000_000)) == []
    assert reasons(frame_of("moto-1", 1, [9001], at_ms=3_000_000_000_000)) == []


@pytest.mark.parametrize("at_ms", [0, EARLIEST_MS - 1, LATEST_MS, -5])
def test_a_time_that_no_offset_explains_is_refused(at_ms):
    assert reasons(frame_of("moto-1", 1, [9001], at_ms=at_ms)) == [
        (0, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME)
    ]


@pytest.mark.parametrize(
    ("latitude_e7", "longitude_e7"),
    [(900_000_001, 0), (0, 1_800_000_001), (0, 0), (999, -999), (-900_000_001, 5)],
)
def test_an_impossible_position_is_refused(latitude_e7, longitude_e7):
    frame = frame_of("moto-1", 1, [9001])
    frame.latitude_e7[0], frame.longitude_e7[0] = latitude_e7, longitude_e7
    assert reasons(frame) == [(0, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION)]


def test_the_equator_and_greenwich_are_places():
    frame = frame_of("moto-1", 1, [9001, 9002])
    frame.latitude_e7[:], frame.longitude_e7[:] = [0, 514_000_000], [100_000_000, 0]
    assert reasons(frame) == []


def test_what_stays_of_a_frame_is_what_was_not_refused():
    frame = frame_of("moto-1", 1, [9001, 5, 9003])
    frame.speed_mmps[:] = [1, 2, 3]
    accepted = accept(frame, "moto-1", KNOWN)
    assert list(accepted.frame.tracker) == [9001, 9003]
    assert list(accepted.frame.speed_mmps) == [1, 3]
    assert list(frame.tracker) == [9001, 5, 9003], "the caller's frame is not touched"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: f.tracker.append(9002), RefusalReason.REFUSAL_REASON_MALFORMED),
        (lambda f: f.speed_mmps.append(3), RefusalReason.REFUSAL_REASON_MALFORMED),
        (lambda f: f.ClearField("latitude_e7"), RefusalReason.REFUSAL_REASON_MALFORMED),
        (lambda f: f.ClearField("frame_number"), RefusalReason.REFUSAL_REASON_MALFORMED),
        (lambda f: f.ClearField("tracker"), RefusalReason.REFUSAL_REASON_MALFORMED),
        (lambda f: setattr(f, "relay_id", "moto-2"), RefusalReason.REFUSAL_REASON_MALFORMED),
        (lambda f: setattr(f, "relay_id", "Moto 1;"), RefusalReason.REFUSAL_REASON_MALFORMED),
        (lambda f: f.tracker.extend([9001] * MAX_FIXES), RefusalReason.REFUSAL_REASON_TOO_LARGE),
        (lambda f: setattr(f, "relay_id", "x" * 300_000), RefusalReason.REFUSAL_REASON_TOO_LARGE),
    ],
)
def test_a_frame_that_cannot_be_read_as_columns_is_refused_whole(spoil, reason):
    frame = frame_of("moto-1", 1, [9001])
    spoil(frame)
    with pytest.raises(FrameRefused) as refused:
        accept(frame, "moto-1", KNOWN)
    assert refused.value.reason == reason


@given(
    trackers=st.lists(st.sampled_from([9001, 9002, 7]), max_size=5),
    offsets=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5),
    latitudes=st.lists(INT32, max_size=5),
    longitudes=st.lists(INT32, max_size=5),
    base_ms=st.integers(-(2**63), 2**63 - 1),
)
def test_any_columns_are_accepted_or_refused_and_nothing_else(
    trackers, offsets, latitudes, longitudes, base_ms
):
    frame = TelemetryFrame(
        relay_id="moto-1",
        frame_number=1,
        base_time_ms=base_ms,
        tracker=trackers,
        time_offset_ms=offsets,
        latitude_e7=latitudes,
        longitude_e7=longitudes,
    )
    try:
        accepted = accept(frame, "moto-1", KNOWN)
    except FrameRefused:
        return
    assert len(accepted.frame.tracker) + len(accepted.refused) == len(trackers)
    assert len(accepted.frame.latitude_e7) == len(accepted.frame.tracker)
