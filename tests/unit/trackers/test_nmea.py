"""NMEA 0183: a fix an epoch, of real receivers' logs and of every order in which its sentences may come."""

from datetime import UTC, datetime
from pathlib import Path

import pynmeagps
import pytest
from ardoise.pb.telemetry_pb2 import RefusalReason as Reason
from ardoise.trackers.decoders.nmea import DECODER, HDOP_M, MOST_LINE_BYTES, MOST_RECEIVERS, checksum
from ardoise.trackers.decoding import UNKNOWN, Fix
from ardoise.trackers.domain.stream import Stream

from tests.support.hardware import RECEIVED_MS, Heard, heard, sentence

PLACE = "4739.7189,N,12219.58362,W"
MOTO = {"device": "moto-1"}


def rmc(
    time: str, *, place: str = PLACE, status: str = "A", knots: str = "10.0", date: str = "050826"
) -> bytes:
    return sentence(f"GNRMC,{time},{status},{place},{knots},286.35,{date},,,A,V")


def gga(time: str, *, place: str = PLACE, quality: int = 1, hdop: str = "0.9") -> bytes:
    return sentence(f"GNGGA,{time},{place},{quality},14,{hdop},76.5,M,-21.6,M,,")


def vtg(knots: str = "10.0", kmh: str = "") -> bytes:
    return sentence(f"GNVTG,286.35,T,,M,{knots},N,{kmh},K,A")


def of_moto(*lines: bytes, received_ms: int = RECEIVED_MS) -> Heard:
    return heard(DECODER, *lines, options=MOTO, received_ms=received_ms)


def at_ms(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)


def truth(log: bytes) -> dict[tuple, dict]:
    """Each epoch of a log as pynmeagps reads it: (date, time) -> RMC and what its GGA adds."""
    epochs: dict[tuple, dict] = {}
    ggas = {}
    for line in log.splitlines():
        if not line.startswith(b"$") or line[3:6] not in (b"RMC", b"GGA"):
            continue
        message = pynmeagps.NMEAReader.parse(line)
        if message.msgID == "GGA":
            ggas[message.time] = message
        else:
            epochs[message.date, message.time] = {"rmc": message}
    for (_, time), epoch in epochs.items():
        epoch["gga"] = ggas.get(time)
    return epochs


@pytest.mark.parametrize(
    ("log", "epochs", "refused"),
    [("garmin48-truncated", 7, 1), ("mtk-1hz", 10, 0), ("multignss-5hz", 6, 0)],
)
def test_every_good_epoch_of_a_real_log_comes_out_as_pynmeagps_reads_it(
    shared_data: Path, log: str, epochs: int, refused: int
):
    data = (shared_data / "trackers" / f"nmea-{log}.log").read_bytes()
    found = of_moto(data)
    expected = truth(data)
    assert len(found.fixes) == len(expected) == epochs
    for fix, ((date, time), epoch) in zip(found.fixes, expected.items(), strict=True):
        message = epoch["rmc"]
        assert fix.time_ms == round(datetime.combine(date, time, UTC).timestamp() * 1000)
        assert fix.latitude_e7 == pytest.approx(message.lat * 1e7, abs=1)
        assert fix.longitude_e7 == pytest.approx(message.lon * 1e7, abs=1)
        assert fix.speed_mmps == pytest.approx(message.spd * 1852 / 3.6, abs=1)
        if epoch["gga"]:
            assert fix.satellites == epoch["gga"].numSV
            assert fix.accuracy_cm == pytest.approx(epoch["gga"].HDOP * HDOP_M * 100, abs=1)
    assert found.refused == [Reason.REFUSAL_REASON_MALFORMED] * refused


@pytest.mark.parametrize(
    "order",
    [("rmc", "gga"), ("gga", "rmc"), ("gga", "rmc", "vtg"), ("rmc", "vtg", "gga"), ("vtg", "rmc", "gga")],
    ids="-".join,
)
def test_a_fix_comes_out_with_the_last_sentence_of_its_epoch_at_5_hz(order: tuple[str, ...]):
    stream = Stream(DECODER, DECODER.begin(MOTO))
    for epoch in range(20):
        time = f"0552{34 + epoch // 5}.{epoch % 5 * 2}00"
        lines = {"rmc": rmc(time), "gga": gga(time), "vtg": vtg()}
        out = []
        for kind in order:
            out += [(kind, fix) for _, said in stream.feed(lines[kind], RECEIVED_MS) for fix in said.fixes]
        ((kind, fix),) = out
        assert kind == [kind for kind in order if kind != "vtg"][-1], "RMC has a speed: VTG is not waited for"
        assert fix.time_ms == at_ms(2026, 8, 5, 5, 52, 34) + 200 * epoch
        assert (fix.speed_mmps, fix.accuracy_cm, fix.satellites) == (5_144, 270, 14)


def test_a_receiver_without_gga_is_waited_for_once():
    stream = Stream(DECODER, DECODER.begin(MOTO))
    out = []
    for second in range(34, 38):
        fixes = [fix for _, said in stream.feed(rmc(f"0552{second}"), RECEIVED_MS) for fix in said.fixes]
        out.append([fix.time_ms for fix in fixes])
    first_ms = at_ms(2026, 8, 5, 5, 52, 34)
    assert out == [[], [first_ms, first_ms + 1000], [first_ms + 2000], [first_ms + 3000]]


def test_a_gga_that_was_lost_costs_its_accuracy_and_no_fix():
    lines = [
        gga("055234"),
        rmc("055234"),
        rmc("055235"),
        gga("055236"),
        rmc("055236"),
        rmc("055237"),
        gga("055237"),
    ]
    found = of_moto(*lines, rmc("055238"), gga("055238"))
    assert [fix.time_ms // 1000 % 60 for fix in found.fixes] == [34, 35, 36, 37, 38]
    assert [fix.accuracy_cm for fix in found.fixes] == [270, UNKNOWN, 270, 270, 270]


def test_an_rmc_that_was_lost_costs_its_speed_and_no_fix():
    found = of_moto(gga("235959"), rmc("235959"), gga("000000"), gga("000001"), rmc("000001", date="060826"))
    assert [fix.time_ms for fix in found.fixes] == [
        at_ms(2026, 8, 5, 23, 59, 59) + 1000 * at for at in range(3)
    ]
    assert [fix.speed_mmps for fix in found.fixes] == [5_144, UNKNOWN, 5_144]


def test_speed_is_vtgs_where_rmc_has_none():
    found = of_moto(gga("055234"), rmc("055234", knots=""), vtg("20.0"))
    assert [fix.speed_mmps for fix in found.fixes] == [10_289]
    found = of_moto(vtg("", "36.0"), gga("055234"), rmc("055234", knots=""))
    assert [fix.speed_mmps for fix in found.fixes] == [10_000]
    found = of_moto(gga("055234"), rmc("055234", knots=""), gga("055235"), rmc("055235"))
    assert [fix.speed_mmps for fix in found.fixes] == [UNKNOWN, 5_144]


def test_midnight_between_a_gga_and_the_next_rmc():
    found = of_moto(
        rmc("235959.800"), gga("235959.800"), gga("000000.000"), rmc("000000.000", date="060826"),
    )  # fmt: skip
    midnight_ms = at_ms(2026, 8, 6)
    assert [fix.time_ms for fix in found.fixes] == [midnight_ms - 200, midnight_ms]


@pytest.mark.parametrize(
    ("received", "day"),
    [
        ((2026, 8, 5, 23, 59, 58), 6),
        ((2026, 8, 6, 0, 0, 3), 6),
        ((2026, 8, 6, 11, 0), 6),
        ((2026, 8, 5, 13, 0), 6),
    ],
)
def test_without_a_date_the_day_is_the_nearest_to_when_it_came(received: tuple[int, ...], day: int):
    found = of_moto(gga("000001"), rmc("000001", date=""), received_ms=at_ms(*received))
    assert [fix.time_ms for fix in found.fixes] == [at_ms(2026, 8, day, 0, 0, 1)]


def test_a_date_that_is_left_out_is_the_last_ones():
    found = of_moto(
        gga("235959"),
        rmc("235959", date="030610"),
        gga("000000"),
        rmc("000000", date=""),
        received_ms=RECEIVED_MS,
    )
    assert [fix.time_ms for fix in found.fixes] == [at_ms(2010, 6, 3, 23, 59, 59), at_ms(2010, 6, 4)]


@pytest.mark.parametrize(
    ("date", "year"), [("050880", 1980), ("050899", 1999), ("050800", 2000), ("050879", 2079)]
)
def test_a_year_of_two_digits_is_none_before_gps(date: str, year: int):
    found = of_moto(gga("055234"), rmc("055234", date=date))
    assert [fix.time_ms for fix in found.fixes] == [at_ms(year, 8, 5, 5, 52, 34)]


@pytest.mark.parametrize(
    "lines",
    [
        [rmc("055234", status="V"), gga("055234")],
        [rmc("055234"), gga("055234", quality=0)],
        [sentence("GPRMC,,V,,,,,,,,,,N"), sentence("GPGGA,,,,,,0,00,99.99,,,,,,")],
        [sentence(f"GPRMC,055234,A,{PLACE},0.0,0.0,050826,,,N"), gga("055234", quality=0)],
    ],
    ids=["status", "quality", "cold", "mode"],
)
def test_no_position_is_no_fix_and_no_refusal(lines: list[bytes]):
    found = of_moto(*lines, rmc("055235"), gga("055235"))
    assert [fix.time_ms for fix in found.fixes] == [at_ms(2026, 8, 5, 5, 52, 35)]
    assert found.refused == []


@pytest.mark.parametrize("talker", ["GP", "GN", "GL", "GA", "BD", "GB", "GQ"])
def test_any_talker_is_heard(talker: str):
    lines = [line.replace(b"$GN", f"${talker}".encode()) for line in (rmc("055234"), gga("055234"))]
    found = of_moto(*(line.partition(b"*")[0] + b"\r\n" for line in lines))
    assert [fix.accuracy_cm for fix in found.fixes] == [270]


def test_two_talkers_of_one_receiver_make_one_fix_of_the_one_that_has_a_position():
    found = of_moto(
        sentence("GPRMC,055234,V,,,,,,,050826,,,N"), rmc("055234"), gga("055234"),
        rmc("055234"), sentence(f"GPGGA,055234,{PLACE},1,05,2.0,76.5,M,-21.6,M,,"),
    )  # fmt: skip
    assert len(found.fixes) == 1


def test_what_says_no_position_is_passed_over():
    others = [
        "GPGSV,1,1,00", "GNGSA,A,1", "GNZDA,055234.000,05,08,2026,00,00", "PGRME,9.1,M", "PXRMC,1", "GPTXT,",
    ]  # fmt: skip
    found = of_moto(
        *map(sentence, others), b"!AIVDM,1,1,,A,14eG;o@034o8sd<L9i:a;WF>062D,0*7D\r\n", b"\r\n", b"# log\n"
    )
    assert (found.fixes, found.refused) == ([], [])


def test_receivers_are_told_apart_by_the_names_before_their_sentences():
    lines = []
    for second in (34, 35):
        for moto in (1, 2):
            for line in (rmc(f"0552{second}", knots=f"{moto}0.0"), gga(f"0552{second}")):
                lines.append(f"moto-{moto}:".encode() + line)
    found = heard(DECODER, b"".join(lines))
    assert [(fix.device, fix.speed_mmps) for fix in found.fixes] == [
        ("moto-1", 5_144),
        ("moto-2", 10_289),
    ] * 2
    assert found.refused == []


def test_a_connection_that_is_nobodys_is_refused():
    found = heard(DECODER, rmc("055234"), gga("055234"), sentence("GPGSV,1,1,00"))
    assert (found.fixes, found.refused) == ([], [Reason.REFUSAL_REASON_NO_DEVICE] * 3)


def test_names_that_are_invented_are_bounded():
    found = heard(DECODER, *(f"m{number}:".encode() + rmc("055234") for number in range(MOST_RECEIVERS + 3)))
    assert found.refused == [Reason.REFUSAL_REASON_TOO_MANY] * 3


@pytest.mark.parametrize("options", [{"device": ""}, {"device": "x" * 65}])
def test_a_device_that_is_no_name_is_no_source(options: dict[str, str]):
    with pytest.raises(ValueError, match="device="):
        DECODER.begin(options)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (rmc("055234").replace(b"*", b"*0"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("055234").replace(b"A,", b"V,", 1), Reason.REFUSAL_REASON_MALFORMED),
        (b"GPRMC,055234,A\r\n", Reason.REFUSAL_REASON_MALFORMED),
        (sentence("GPRMC,055234,A"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("05x234"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("5234"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("245234"), Reason.REFUSAL_REASON_IMPOSSIBLE_TIME),
        (rmc("055234", date="310226"), Reason.REFUSAL_REASON_IMPOSSIBLE_TIME),
        (rmc("055234", date="5826"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("055234", place="9939.7189,N,12219.58362,W"), Reason.REFUSAL_REASON_IMPOSSIBLE_POSITION),
        (rmc("055234", place="4739.7189,N,18119.58362,W"), Reason.REFUSAL_REASON_IMPOSSIBLE_POSITION),
        (rmc("055234", place="4760.7189,N,12219.58362,W"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("055234", place="4739.7189,Q,12219.58362,W"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("055234", place=",N,12219.58362,W"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("055234", knots="nan"), Reason.REFUSAL_REASON_MALFORMED),
        (rmc("055234", knots="1e3"), Reason.REFUSAL_REASON_MALFORMED),
        (b"x" * (MOST_LINE_BYTES + 1), Reason.REFUSAL_REASON_TOO_LARGE),
    ],
)
def test_nonsense_is_refused_by_its_kind(line: bytes, reason: Reason):
    assert of_moto(line).refused[0] == reason


def test_a_torn_sentence_is_told_by_the_checksum_that_those_before_had():
    torn = rmc("055235").partition(b",,,A")[0] + b"\r\n"
    assert of_moto(torn, rmc("055236")).fixes != []
    found = of_moto(rmc("055234"), torn, rmc("055236"))
    assert found.refused == [Reason.REFUSAL_REASON_MALFORMED]


def test_a_sentence_is_not_lost_with_what_stands_before_it():
    for garbage in (b"\x00\xff\x80", b"4,N,122", b"$GPGGA,0552", b"moto-1"):
        found = of_moto(garbage + rmc("055234"), gga("055234"))
        assert (len(found.fixes), found.refused) == (1, [Reason.REFUSAL_REASON_MALFORMED]), garbage


@pytest.mark.parametrize("length", [0, 1, 82, 127, 128, 129, 511, MOST_LINE_BYTES])
def test_the_checksum_is_every_byte_in_exclusive_or(length: int):
    body = bytes((3 + 7 * at) % 251 for at in range(length))
    total = 0
    for byte in body:
        total ^= byte
    assert checksum(body) == total


def test_a_datagrams_last_line_needs_no_end():
    found = of_moto(rmc("055234") + gga("055234").strip())
    assert found.fixes == [
        Fix("moto-1", at_ms(2026, 8, 5, 5, 52, 34), 476_619_817, -1_223_263_937, 5_144, 270, 14)
    ]


def test_a_receiver_that_says_no_date_is_on_todays_when_it_is_switched_on_again():
    evening, morning = (2026, 8, 5, 18, 0), (2026, 8, 6, 7, 30)
    stream = Stream(DECODER, DECODER.begin(MOTO))
    found = []
    for hours, when in (("1800", evening), ("0730", morning)):
        lines = gga(f"{hours}00") + gga(f"{hours}01") + gga(f"{hours}02")
        found += [fix.time_ms for _, said in stream.feed(lines, at_ms(*when) + 2_000) for fix in said.fixes]
    # The last epoch of the evening comes out with the first of the morning.
    assert found[-2:] == [at_ms(*morning), at_ms(*morning) + 1_000]
    assert found[:2] == [at_ms(*evening), at_ms(*evening) + 1_000]
