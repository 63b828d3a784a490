"""Plainline: what a line means, and what any decoder must keep to."""

import pytest
from ardoise.pb.telemetry_pb2 import REFUSAL_REASON_IMPOSSIBLE_POSITION, REFUSAL_REASON_MALFORMED
from ardoise.trackers.conformance import Conformance
from ardoise.trackers.decoding import Message, Refused
from ardoise_plainline import DECODER


class TestPlainline(Conformance):
    """All of ardoise's tests of a decoder."""

    decoder = DECODER


def test_a_line_is_a_fix():
    (fix,) = DECODER.decode(Message(b"anne,1782554400.25,45.00012,5.01003,36\n"), None).fixes
    assert (fix.device, fix.time_ms) == ("anne", 1_782_554_400_250)
    assert (fix.latitude_e7, fix.longitude_e7, fix.speed_mmps) == (450_001_200, 50_100_300, 10_000)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"anne,1782554400,45.0\n", REFUSAL_REASON_MALFORMED),
        (b"anne,1782554400,95.0,5.0,36\n", REFUSAL_REASON_IMPOSSIBLE_POSITION),
    ],
)
def test_what_means_nothing_is_refused(line: bytes, reason: int):
    with pytest.raises(Refused) as refused:
        DECODER.decode(Message(line), None)
    assert refused.value.reason == reason
