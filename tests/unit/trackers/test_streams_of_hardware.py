"""Whatever bytes come on a connection, and however they are split: the same fixes, and no failure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ardoise.trackers.decoders import gt06, h02, nmea
from ardoise.trackers.decoding import UNKNOWN, Decoder, Fix, Message, Refused
from ardoise.trackers.domain.stream import Stream
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.hardware import (
    GT06_MASTS,
    RECEIVED_MS,
    gt06_alarm_state,
    gt06_frame,
    gt06_login,
    gt06_place,
    h02_binary,
    h02_text,
    heard,
    pieces,
    sentence,
)

FIRST = datetime(2026, 8, 5, 5, 52, 34, tzinfo=UTC)
SECONDS = range(6)
WHERE = [(FIRST + timedelta(seconds=at), 45.0 + at * 9e-5, 5.01) for at in SECONDS]


def nmea_bytes() -> bytes:
    lines = []
    for when, latitude, _ in WHERE:
        place = f"45{(latitude - 45) * 60:08.5f},N,00500.60000,E"
        lines.append(sentence(f"GPGGA,{when:%H%M%S},{place},1,09,1.0,180.0,M,47.0,M,,"))
        lines.append(sentence("GPGSV,1,1,01,14,79,041,29"))
        lines.append(sentence(f"GPRMC,{when:%H%M%S},A,{place},20.0,0.0,{when:%d%m%y},,,A"))
    return b"".join(lines)


def gt06_bytes() -> bytes:
    frames = [gt06_login("123456789012345")]
    for number, (when, latitude, longitude) in enumerate(WHERE, 2):
        place = gt06_place(when, latitude, longitude, kmh=36)
        if number % 2:
            frames.append(gt06_frame(0x26, place + gt06_alarm_state(6), number))
        else:
            frames.append(gt06_frame(0x22, place + GT06_MASTS, number, long=number % 4 == 0))
        frames.append(gt06_frame(0x13, b"\x44\x06\x04\x00\x02", number))
    return b"".join(frames)


def h02_bytes() -> bytes:
    messages = []
    for at, (when, latitude, longitude) in enumerate(WHERE):
        if at % 2:
            messages.append(
                h02_binary("4106000826", when, latitude, longitude, behind=b"\xff\x00\x10" + bytes(13))
            )
        else:
            messages.append(h02_text("4106000826", when, latitude, longitude) + b"\r\n")
    return b"".join(messages)


CASES = {
    "nmea": (nmea.DECODER, nmea_bytes(), {"device": "moto-1"}),
    "gt06": (gt06.DECODER, gt06_bytes(), {}),
    "h02": (h02.DECODER, h02_bytes(), {}),
}
Case = tuple[Decoder, bytes, Mapping[str, str]]


unhurried = settings(deadline=None)
"""Neighbours on the machine take it for longer than an example may last by default."""
each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def check(fix: Fix) -> None:
    """Whatever was said, a fix is one that a frame can hold."""
    assert 1 <= len(fix.device) <= 64
    assert abs(fix.latitude_e7) <= 90 * 10**7
    assert abs(fix.longitude_e7) <= 180 * 10**7
    assert all(isinstance(number, int) for number in (fix.time_ms, fix.speed_mmps, fix.accuracy_cm))
    assert min(fix.speed_mmps, fix.accuracy_cm, fix.satellites, fix.battery_percent) >= UNKNOWN
    assert fix.battery_percent <= 100


@each
def test_the_examples_are_understood(case: Case):
    decoder, data, options = case
    found = heard(decoder, data, options=options)
    assert len(found.fixes) == len(SECONDS)
    assert found.refused == []


@each
@unhurried
@given(cuts=st.lists(st.integers(0, 2_000), max_size=60))
def test_any_split_of_the_bytes_gives_the_same(case: Case, cuts: list[int]):
    decoder, data, options = case
    assert heard(decoder, *pieces(data, cuts), options=options) == heard(decoder, data, options=options)


@each
def test_byte_for_byte_gives_the_same(case: Case):
    decoder, data, options = case
    assert heard(decoder, *pieces(data, range(len(data))), options=options) == heard(
        decoder, data, options=options
    )


@each
def test_what_is_behind_garbage_is_found_wherever_the_bytes_are_split(case: Case):
    decoder, data, options = case
    data = b"\x00\xff\x01" + data
    whole = heard(decoder, data, options=options)
    assert len(whole.fixes) == len(SECONDS)
    for at in range(300):
        assert heard(decoder, *pieces(data, [at]), options=options).fixes == whole.fixes


@each
@unhurried
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 2_000), st.integers(0, 3), st.binary(max_size=8)), min_size=1, max_size=8
    ),
    cuts=st.lists(st.integers(0, 2_000), max_size=8),
)
def test_damaged_bytes_give_the_same_fixes_however_they_are_split(
    case: Case, edits: list[tuple[int, int, bytes]], cuts: list[int]
):
    decoder, data, options = case
    for at, gone, come in edits:
        at %= len(data)
        data = data[:at] + come + data[at + gone :]
    whole, split = heard(decoder, data, options=options), heard(decoder, *pieces(data, cuts), options=options)
    assert (split.fixes, split.replies) == (whole.fixes, whole.replies)
    for fix in whole.fixes:
        check(fix)


@each
@unhurried
@given(data=st.binary(max_size=6_000))
def test_arbitrary_bytes_give_fixes_or_refusals_and_an_end(case: Case, data: bytes):
    decoder, good, options = case
    stream = Stream(decoder, decoder.begin(options))
    bodies = [body for body, _ in stream.feed(data, RECEIVED_MS)]
    assert all(bodies), "every step takes something, or it would never end"
    assert sum(map(len, bodies)) <= len(data)
    # A frame that says it is long is waited for: what of the example comes after it is understood.
    again = [one for _, one in stream.feed(good * 12, RECEIVED_MS) if not isinstance(one, Refused)]
    assert any(one.fixes for one in again)


def sessions(decoder: Decoder, data: bytes, options: Mapping[str, str]) -> list[Any]:
    """What is known of a connection at different times."""
    found = [decoder.begin(options)]
    stream = Stream(decoder, found[0])
    for _, one in stream.feed(data, RECEIVED_MS):
        if not isinstance(one, Refused) and one.session is not None:
            found.append(one.session)
    return found


@each
@unhurried
@given(
    body=st.binary(max_size=600), edit=st.tuples(st.integers(0, 100), st.binary(max_size=4)), data=st.data()
)
def test_a_message_alone_is_decoded_or_refused(
    case: Case, body: bytes, edit: tuple[int, bytes], data: st.DataObject
):
    decoder, good, options = case
    session = data.draw(st.sampled_from(sessions(decoder, good, options)))
    message = data.draw(st.sampled_from(sorted({one for one, _ in Stream(decoder, session).feed(good, 1)})))
    at, come = edit
    for one in (body, message[:at] + come + message[at + len(come) :], message[:at], message[at:]):
        try:
            decoded = decoder.decode(Message(one, received_ms=RECEIVED_MS), session)
        except Refused:
            continue
        for fix in decoded.fixes:
            check(fix)
