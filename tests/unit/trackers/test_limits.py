"""How much an address and a port may send, and who may connect."""

import tracemalloc

import pytest
from ardoise.trackers.domain.limits import Admission, Bucket, Limits, counted_as
from hypothesis import given
from hypothesis import strategies as st

A, B = "192.0.2.1", "192.0.2.2"


def admission(**limits: float) -> Admission:
    return Admission(0.0, Limits(**limits))


@given(st.lists(st.floats(0, 5), max_size=200), st.floats(0.1, 100), st.integers(1, 50))
def test_a_bucket_never_gives_more_than_its_rate_and_what_it_holds(
    waits: list[float], rate_hz: float, most: int
):
    bucket, now_s, given_ = Bucket.full(rate_hz, most, 0.0), 0.0, 0
    for wait_s in waits:
        now_s += wait_s
        left = bucket.after_one(now_s)
        given_, bucket = given_ + (left is not None), left or bucket
    assert given_ <= most + rate_hz * now_s + 1e-6


def test_a_clock_that_stands_still_or_goes_back_gives_nothing():
    bucket = Bucket.full(1.0, 1, 10.0).after_one(10.0)
    assert bucket is not None
    assert bucket.after_one(10.0) is None
    assert bucket.after_one(3.0) is None
    assert bucket.after_one(11.0) is not None


def test_one_address_uses_up_its_own_and_no_others():
    port = admission(messages_at_once=3, messages_hz=1)
    assert [port.sends(A, 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert port.sends(B, 0.0)
    assert port.sends(A, 1.0)
    assert not port.sends(A, 1.0)


def test_what_an_address_may_not_send_is_not_taken_from_the_port():
    port = admission(messages_at_once=1, messages_hz=0.001, messages_at_once_of_a_port=2)
    assert [port.sends(A, 0.0) for _ in range(10)] == [True] + [False] * 9
    assert port.sends(B, 0.0)


def test_all_addresses_together_have_a_limit_too():
    port = admission(messages_at_once_of_a_port=5, messages_hz_of_a_port=1)
    assert sum(port.sends(f"192.0.2.{last}", 0.0) for last in range(100)) == 5


def test_connections_are_counted_and_given_back():
    port = admission(connections=3, connections_an_address=2)
    assert [port.connects(A), port.connects(A), port.connects(A), port.connects(B), port.connects("c")] == [
        True, True, False, True, False,
    ]  # fmt: skip
    port.leaves(A)
    assert port.connects("c")
    assert not port.connects(A)


def test_invented_addresses_take_no_more_memory_than_so_many():
    port = admission(addresses=100, messages_at_once_of_a_port=1e9)
    tracemalloc.start()
    for number in range(100):
        port.sends(str(number), 0.0)
    few = tracemalloc.get_traced_memory()[0]
    for number in range(20_000):
        port.sends(str(number), 0.0)
    many = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert many < 2 * few


def test_who_was_quiet_longest_is_forgotten_first():
    port = admission(addresses=2, messages_at_once=1, messages_hz=0.001)
    assert [port.sends(one, 0.0) for one in (A, B, A, "c")] == [True, True, False, True]
    assert not port.sends(A, 0.0), "it was heard after B"
    assert port.sends(B, 0.0), "forgotten"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", A, True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        (A, B, False),
        ("unknown", "unknown", True),
    ],
)
def test_who_has_one_address_of_ipv6_has_its_whole_network(one: str, other: str, same: bool):
    assert (counted_as(one) == counted_as(other)) is same
