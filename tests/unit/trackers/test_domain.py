"""Clocks, devices, numbers, sources and streams of the gateway."""

import pytest
from ardoise.pb.telemetry_pb2 import REFUSAL_REASON_MALFORMED, REFUSAL_REASON_TOO_LARGE
from ardoise.trackers.decoding import Cut, Decoded, Decoder, Fix, Message, Refused, Transport, device_of
from ardoise.trackers.domain import devices as limits
from ardoise.trackers.domain.clocks import KEPT, WEEK_MS, Clock, Wrong
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.numbers import DERIVED_FROM, tracker_of
from ardoise.trackers.domain.sources import Source, sources_of
from ardoise.trackers.domain.stream import FIRST_WINDOW_BYTES, Stream

NOW_MS = 1_782_561_600_000


@pytest.mark.parametrize(
    ("offset_ms", "wrong"),
    [
        (0, Wrong.NOT),
        (1_999, Wrong.NOT),
        (-29_000, Wrong.NOT),
        (5_000, Wrong.AHEAD),
        (-45_000, Wrong.BEHIND),
        (2 * 3_600_000 - 700, Wrong.TIME_ZONE),
        (-int(5.5 * 3_600_000) + 900, Wrong.TIME_ZONE),
        (2 * 3_600_000 + 120_000, Wrong.AHEAD),
        (-1_024 * WEEK_MS + 300, Wrong.WEEKS),
        (-2_048 * WEEK_MS, Wrong.WEEKS),
        (-1_023 * WEEK_MS, Wrong.BEHIND),
    ],
)
def test_a_clock_is_wrong_by_what_explains_it(offset_ms: int, wrong: Wrong):
    assert Clock().after(NOW_MS + offset_ms, NOW_MS).wrong is wrong


def test_one_fix_that_came_late_is_no_clock_that_is_behind():
    clock = Clock().after(NOW_MS, NOW_MS + 100).after(NOW_MS, NOW_MS + 600_000)
    assert (clock.offset_ms, clock.wrong) == (-100, Wrong.NOT)


@pytest.mark.parametrize(("ms_a_second", "wrong"), [(2 / 3.6, Wrong.AHEAD), (-2 / 3.6, Wrong.BEHIND)])
def test_a_clock_that_drifts_by_two_seconds_an_hour_is_told_within_two_hours(
    ms_a_second: float, wrong: Wrong
):
    clock = Clock()
    for second in range(7_200):
        assert clock.wrong is Wrong.NOT or second > 3_600
        came_ms = NOW_MS + second * 1000
        # To the second, as many receivers tell it, by a way that takes 50 to 650 ms.
        told_ms = round((came_ms + second * ms_a_second) / 1000) * 1000
        clock = clock.after(told_ms, came_ms + 50 + second * 7 % 601)
    assert clock.wrong is wrong


@pytest.mark.parametrize("delays_s", [[12, 9, 5, 8, 11, 7, 6, 10], [8, 7, 6, 5, 4, 3, 2, 1], [12] * 7])
def test_a_slow_way_and_a_batch_are_no_clock_that_is_slow(delays_s: list[int]):
    clock = Clock()
    for delay_s in delays_s:
        clock = clock.after(NOW_MS, NOW_MS + delay_s * 1000)
    assert clock.wrong is Wrong.NOT


def test_what_a_clock_was_long_ago_is_forgotten():
    clock = Clock().after(NOW_MS + 3_600_000, NOW_MS)
    for _ in range(KEPT):
        clock = clock.after(NOW_MS, NOW_MS)
    assert (clock.wrong, len(clock.offsets_ms)) == (Wrong.NOT, KEPT)
    assert Clock().offset_ms is None


def fix(device: str = "a", time_ms: int = NOW_MS) -> Fix:
    return Fix(device, time_ms, 1, 1)


def test_who_invents_devices_pushes_out_nobodys_own():
    devices = Devices()
    devices.heard("osmand", fix("mine"), NOW_MS, known=True)
    for number in range(3 * limits.MOST_KNOCKING):
        devices.heard("osmand", fix(f"x{number}"), NOW_MS, known=False)
    assert [device.name for device in devices.paired] == ["mine"]
    assert len(devices.knocking) == limits.MOST_KNOCKING
    assert devices.knocking[0].name == f"x{3 * limits.MOST_KNOCKING - 1}"


def test_a_device_that_the_stage_comes_to_know_is_the_same_device():
    devices = Devices()
    devices.heard("osmand", fix(), NOW_MS, known=False)
    device = devices.heard("osmand", fix(time_ms=NOW_MS + 1), NOW_MS + 5, known=True)
    assert (device.fixes, device.first_heard_ms, device.last_heard_ms) == (2, NOW_MS, NOW_MS + 5)
    assert (devices.knocking, len(devices.paired)) == ([], 1)
    devices.heard("nmea", fix(), NOW_MS, known=True)
    assert len(devices.paired) == 2, "by another source it is another device"


def test_a_fix_that_comes_late_is_not_the_last_one():
    devices = Devices()
    devices.heard("osmand", fix(time_ms=NOW_MS), NOW_MS, known=True)
    device = devices.heard("osmand", fix(time_ms=NOW_MS - 60_000), NOW_MS + 1, known=True)
    assert device.last is not None
    assert device.last.time_ms == NOW_MS
    devices.refused("osmand", "a")
    devices.refused("osmand", "never heard")
    assert device.refused == 1


@pytest.mark.parametrize(
    "name", ["9001", "353861053849681", "1", "1234567890123456", "anne", "٤٥", "-1", "0"]
)
def test_any_name_makes_a_number_that_no_official_tracker_and_no_imei_has_and_a_page_holds(name: str):
    assert 999_999_999_999_999 < DERIVED_FROM <= tracker_of("osmand", name) < 2 * DERIVED_FROM <= 2**53


def test_who_is_called_by_the_number_of_another_device_is_another_device():
    anne = tracker_of("osmand", "anne")
    assert device_of(str(anne)) == str(anne)
    assert tracker_of("osmand", str(anne)) != anne


def test_a_number_follows_from_source_and_name_at_every_site():
    assert tracker_of("osmand", "anne") == 8_278_168_338_036_194
    numbers = [
        tracker_of(*who)
        for who in (("osmand", "anne"), ("osmand", "Anne"), ("osmand-2", "anne"), ("gt06", "anne"))
    ]
    assert len(set(numbers)) == len(numbers)
    assert tracker_of("a", "bc") != tracker_of("ab", "c")


def test_sources_are_read_with_their_options():
    assert sources_of(" osmand=http://0.0.0.0:5055 , nmea=tcp://[::]:10110?device=moto-1&talker= ,") == (
        Source("osmand", "osmand", Transport.HTTP, "0.0.0.0:5055", {}),
        Source("nmea", "nmea", Transport.TCP, "[::]:10110", {"device": "moto-1", "talker": ""}),
    )
    assert sources_of("osmand=http://a:1?name=mps&speed=mps") == (
        Source("mps", "osmand", Transport.HTTP, "a:1", {"speed": "mps"}),
    )
    assert sources_of("nmea=serial:///dev/ttyUSB0?baud=4800")[0].address == "/dev/ttyUSB0"
    assert sources_of("") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("osmand", "no source"),
        ("nmea=udp://0.0.0.0:10110&name=moto", "options begin with a question mark"),
        ("=http://a:1", "no source"),
        ("osmand=0.0.0.0", "no source"),
        ("osmand=ftp://a:1", "no transport"),
        ("osmand=http:", "where"),
        ("owntracks=mqtt://race:secret@a:1883", "^owntracks: no user or password"),
        (
            "owntracks=http://a:1, owntracks=mqtts://a:2?user=x",
            r"^two sources are called owntracks: .*owntracks=mqtts://a:2\?name=owntracks-2$",
        ),
        ("osmand=http://a:1,h02=tcp://a:2?name=osmand", "two sources are called osmand"),
        ("osmand=http://a:1?name=a/b", "name=a/b: a source is called by"),
        ("osmand=http://a:1?name=", "name=: a source is called by"),
    ],
)
def test_a_source_that_cannot_be_is_said_to_be_wrong(text: str, says: str):
    with pytest.raises(ValueError, match=says):
        sources_of(text)


def lines(buffer: bytes) -> Cut:
    return Cut(buffer.find(b"\n") + 1)


def echo(message: Message, session: int) -> Decoded[int]:
    if message.body.startswith(b"!"):
        raise Refused(REFUSAL_REASON_MALFORMED, "no")
    return Decoded(session=session + 1, reply=f"{session}:".encode() + message.body)


LINES = Decoder("lines", frozenset({Transport.TCP}), echo, lambda options: 0, lines, most_message_bytes=2_000)


def said(stream: Stream, *chunks: bytes) -> list[bytes | int]:
    found = [one for chunk in chunks for _, one in stream.feed(chunk, NOW_MS)]
    return [one.reply if isinstance(one, Decoded) else one.reason for one in found]


def test_a_stream_is_cut_however_it_comes_and_knows_what_was_before():
    data = b"a\n!\nbb\nccc"
    for split in range(len(data)):
        stream = Stream(LINES, 0)
        assert said(stream, data[:split], data[split:]) == [b"0:a\n", REFUSAL_REASON_MALFORMED, b"1:bb\n"]
        assert stream.begun
        assert [one.reply for _, one in stream.end(NOW_MS)] == [b"2:ccc"]  # type: ignore[union-attr]
        assert not stream.begun


def test_a_message_longer_than_the_first_look_is_whole():
    long = b"x" * (FIRST_WINDOW_BYTES + 500) + b"\n"
    assert said(Stream(LINES, 0), long + b"a\n") == [b"0:" + long, b"1:a\n"]


def test_what_does_not_end_is_dropped_at_its_bound():
    stream = Stream(LINES, 0)
    assert said(stream, *[b"x" * 100] * 20, b"y\nb\n") == [REFUSAL_REASON_TOO_LARGE, b"0:y\n", b"1:b\n"]


@pytest.mark.parametrize("size", [-1, 10_000])
def test_a_cut_outside_the_buffer_is_the_decoders_fault_and_ends(size: int):
    broken = Decoder("broken", LINES.transports, echo, LINES.begin, lambda buffer: Cut(size))
    assert said(Stream(broken, 0), b"abc") == [REFUSAL_REASON_MALFORMED]


def test_a_decoder_that_fails_costs_its_own_message_alone():
    def fails(message: Message, session: int) -> Decoded[int]:
        return [][len(message.body)] if message.body == b"bad\n" else echo(message, session)

    broken = Decoder("broken", LINES.transports, fails, LINES.begin, lines)
    assert said(Stream(broken, 0), b"bad\na\n") == [REFUSAL_REASON_MALFORMED, b"0:a\n"]


def test_a_fix_that_none_can_be_is_refused_before_it_comes_into_a_frame():
    def wild(message: Message, session: int) -> Decoded[int]:
        return Decoded((Fix("a", NOW_MS, 2**40, 0),))

    with pytest.raises(Refused, match="wild made a fix that none can be: latitude_e7"):
        Decoder("wild", LINES.transports, wild, LINES.begin, lines).said(Message(b"a"), 0)
