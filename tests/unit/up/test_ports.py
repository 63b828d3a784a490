"""Two platforms on one machine never choose the same port."""

import socket

import pytest
from ardoise.up.ports import Ports


@pytest.fixture
def wanted() -> int:
    """A port that was free a moment ago, reserved for nobody."""
    ports = Ports({"web": 0})
    ports.close()
    return ports.numbers["web"]


@pytest.fixture
def reserve():
    made = []

    def of(**wanted: int) -> Ports:
        made.append(Ports(wanted))
        return made[-1]

    yield of
    for ports in made:
        ports.close()


def test_the_wanted_port_is_given_where_it_is_free(reserve, wanted):
    assert reserve(web=wanted).numbers == {"web": wanted}


def test_a_second_platform_gets_another_port_before_the_first_has_opened_its_own(reserve, wanted):
    first, second = reserve(web=wanted), reserve(web=wanted)
    assert first.numbers["web"] == wanted
    assert second.numbers["web"] != wanted


def test_a_port_that_somebody_else_listens_on_is_not_given(reserve):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert reserve(web=taken).numbers["web"] != taken


def test_a_reservation_ends_with_close(reserve, wanted):
    reserve(web=wanted).close()
    assert reserve(web=wanted).numbers["web"] == wanted
