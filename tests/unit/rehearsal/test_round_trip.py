"""What a round trip takes for the alert that it raised."""

import pytest
from ardoise.pb.security_pb2 import Alert
from ardoise.rehearsal.round_trip import RELAY, STRANGERS_FROM, tells

EPOCH = 1_796_049_077_251
STRANGER = STRANGERS_FROM + 77_251


@pytest.mark.parametrize(
    ("subject", "seen_ms", "told"),
    [
        (f"tracker:{STRANGER}", EPOCH, True),
        (f"tracker:{STRANGER + 1}", EPOCH, False),
        (f"source:{RELAY}", EPOCH, True),
        (f"source:{RELAY}", EPOCH - 1, False),
        ("source:moto-1", EPOCH, False),
    ],
)
def test_an_alert_is_about_this_stranger_or_about_all_of_the_relays_since_the_race_began(
    subject: str, seen_ms: int, told: bool
):
    assert tells(Alert(subject=subject, last_seen_ms=seen_ms), EPOCH) is told
