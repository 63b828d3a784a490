"""Which ports a platform takes."""

import socket
from collections.abc import Iterator

import pytest
from ardoise.up.ports import OTHERS, Ports


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_somebody_has_is_replaced_by_one_that_no_outgoing_connection_is_given(taken: int):
    ports = Ports({"web": taken})
    assert ports.numbers["web"] in OTHERS
    ports.close()


def test_two_platforms_of_a_moment_never_share_a_port():
    first = Ports({"web": 0})
    second = Ports({"web": first.numbers["web"]})
    assert second.numbers["web"] != first.numbers["web"]
    first.close()
    third = Ports({"web": first.numbers["web"]})
    assert third.numbers == first.numbers
    second.close()
    third.close()
