"""How often a status is written."""

import pytest
from ardoise_operator.pacing import LONGEST_ASKED_S, LONGEST_RETRY_S, due, retry_s

OLD = {"observedAt": "12:00:00", "role": "Primary"}
LATER = {**OLD, "observedAt": "12:00:02"}
CHANGED = {**LATER, "role": "Standby"}


@pytest.mark.parametrize(
    ("wanted", "since_s", "expected"),
    [(CHANGED, 1.9, False), (CHANGED, 2.0, True), (LATER, 9.9, False), (LATER, 10.0, True)],
    ids=["changed too soon", "changed", "the same too soon", "the same for long"],
)
def test_a_change_is_written_after_2_s_and_the_same_again_after_10(
    wanted: dict, since_s: float, expected: bool
):
    assert due(wanted, OLD, since_s) is expected


def test_after_each_failure_it_waits_longer_up_to_a_bound():
    waits = [retry_s(failures) for failures in range(1, 9)]
    assert waits == [2, 4, 8, 16, 30, 30, 30, 30]
    assert waits[-1] == LONGEST_RETRY_S


def test_a_server_that_asks_for_patience_gets_it_within_reason():
    assert retry_s(1, 7) == 7
    assert retry_s(5, 7) == LONGEST_RETRY_S
    assert retry_s(1, 86400) == LONGEST_ASKED_S
