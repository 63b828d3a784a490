"""`ardoise tracker` beside a real ingest and the gateway: from a QR code to a rider's fixes in the log."""

import asyncio
import base64
import json
import shlex
import time
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from ardoise.chassis.log import LogReader
from ardoise.pb.control_pb2 import Decision
from ardoise.pb.telemetry_pb2 import BiometricFrame
from ardoise.trackers.domain.numbers import tracker_of
from nacl.secret import SecretBox

from tests.support.gateway import Gateway, gateway
from tests.support.platform import Platform
from tests.support.tracker_command import Command, tracker

pytestmark = pytest.mark.timeout(180)
LIMIT_S = 10.0
TCX = """<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Track>{}</Track>
</TrainingCenterDatabase>"""
TRACKPOINT = (
    "<Trackpoint><Time>2026-07-05T10:00:{:02}Z</Time><Position><LatitudeDegrees>45.0</LatitudeDegrees>"
    "<LongitudeDegrees>{:.6f}</LongitudeDegrees></Position><HeartRateBpm><Value>150</Value></HeartRateBpm></Trackpoint>"
)


@pytest.fixture
async def phones(platform: Platform, free_port):
    async with gateway(platform, free_port, "osmand=http://127.0.0.1:0") as opened:
        yield opened


async def sends(phones: Gateway, device: str, *, ahead_ms: int = 0, accuracy_m: float = 5) -> None:
    """One fix of a phone, now by a clock that is so far ahead."""
    url = f"http://{phones.addresses['osmand http']}/"
    fix = {"id": device, "lat": 45.0, "lon": 5.01, "accuracy": accuracy_m, "batt": 87}
    fix["timestamp"] = time.time_ns() // 1_000_000 + ahead_ms
    async with httpx.AsyncClient() as http:
        assert (await http.post(url, params=fix)).status_code == 200


async def decisions(phones: Gateway) -> list[Decision]:
    bus = await phones.platform.bus("positioning")
    found = await LogReader(bus).by_subject(phones.epoch, f"log.{phones.epoch}.decision")
    await bus.close()
    return [entry.record.decision for entry in found]


async def test_a_phone_is_on_a_rider_from_its_qr_code_on_and_its_first_fix_is_told(
    phones: Gateway, tmp_path: Path
):
    code = tmp_path / "code.png"
    adding = await Command.start(phones, "add", "--bib", "3", "--host", "race.example", f"--png={code}")
    link = httpx.URL(await adding.line("http"))
    assert (link.host, link.params["accuracy"], link.params["interval"]) == ("race.example", "highest", "1")
    await adding.line("waiting for the first fix of bib 3")
    device = link.params["id"]
    await sends(phones, device, accuracy_m=12)
    done = await adding.done()
    assert done.code == 0, done.err
    assert "got it: 12 m, 87 % battery, clock right" in done.out
    assert "▀" in done.out
    assert code.read_bytes().startswith(b"\x89PNG")
    (decision,) = await decisions(phones)
    assert (decision.assign.tracker, decision.assign.bib) == (tracker_of("osmand", device), 3)
    (frame,) = await phones.frames()
    assert list(frame.tracker) == [tracker_of("osmand", device)]
    listed = await tracker(phones, "list")
    (line,) = [line for line in listed.out.splitlines() if device in line]
    assert line.split()[:4] == [device, "osmand", str(tracker_of("osmand", device)), "3"]


async def test_an_owntracks_phone_that_opens_its_link_is_the_riders(platform: Platform, free_port):
    async with gateway(platform, free_port, "owntracks=http://127.0.0.1:0") as opened:
        reached = opened.addresses["owntracks http"]
        adding = await Command.start(opened, "add", "--bib", "3", "--source", "owntracks", "--host", reached)
        inline = httpx.URL(await adding.line("owntracks:")).params["inline"]
        said = json.loads(base64.b64decode(inline))
        await adding.line("waiting")
        fix = {"_type": "location", "lat": 45.0, "lon": 5.01, "acc": 7, "batt": 61, "tst": int(time.time())}
        headers = {"X-Limit-U": said["username"], "X-Limit-D": said["deviceId"]}
        async with httpx.AsyncClient() as http:
            assert (await http.post(said["url"], json=fix, headers=headers)).status_code == 200
        done = await adding.done()
        assert (done.code, "got it: 7 m, 61 % battery" in done.out) == (0, True), done.out + done.err
        (frame,) = await opened.frames()
        assert list(frame.tracker) == [tracker_of("owntracks", f"{said['username']}/{said['deviceId']}")]


async def test_an_owntracks_phone_is_told_its_key_where_its_source_has_keys(
    platform: Platform, free_port, tmp_path: Path
):
    (tmp_path / "key").write_text("a secret of everybody\n")
    source = f"owntracks=http://127.0.0.1:0?key_file={tmp_path / 'key'}"
    async with gateway(platform, free_port, source) as opened:
        adding = ("add", "--bib", "3", "--host", opened.addresses["owntracks http"])
        unsaid = await tracker(opened, *adding, "--no-wait")
        assert (unsaid.code, "--key-file" in unsaid.err) == (1, True), unsaid.err
        assert await decisions(opened) == []
        adding = await Command.start(opened, *adding, f"--key-file={tmp_path / 'key'}")
        said = json.loads(base64.b64decode(httpx.URL(await adding.line("owntracks:")).params["inline"]))
        fix = {"_type": "location", "lat": 45.0, "lon": 5.01, "acc": 7, "batt": 61, "tst": int(time.time())}
        box = SecretBox(said["encryptionKey"].encode().ljust(SecretBox.KEY_SIZE, b"\0"))
        sealed = {
            "_type": "encrypted",
            "data": base64.b64encode(box.encrypt(json.dumps(fix).encode())).decode(),
        }
        headers = {"X-Limit-U": said["username"], "X-Limit-D": said["deviceId"]}
        async with httpx.AsyncClient() as http:
            assert (await http.post(said["url"], json=fix, headers=headers)).status_code == 400
            assert (await http.post(said["url"], json=sealed, headers=headers)).status_code == 200
        done = await adding.done()
        assert (done.code, "got it: 7 m, 61 % battery" in done.out) == (0, True), done.out + done.err


async def test_who_is_put_on_a_rider_and_was_not_heard_may_be_called_otherwise(phones: Gateway):
    await sends(phones, "anne's phone")
    heard, unheard = "anne's phone", "annes phone"
    assert "has not heard" not in (await tracker(phones, "assign", heard, "--bib", "2")).out
    done = await tracker(phones, "assign", unheard, "--bib", "3")
    assert (done.code, "osmand has not heard annes phone yet" in done.out) == (0, True), done.out + done.err


async def test_hardware_is_told_by_sms_where_to_send_and_a_receiver_by_hand(platform: Platform, free_port):
    sources = "gt06=tcp://0.0.0.0:0,h02=tcp://0.0.0.0:0,nmea=udp://0.0.0.0:0"
    async with gateway(platform, free_port, sources) as opened:
        for source, device, told in (
            ("gt06", "356307042441013", "  SERVER,1,race.example,{},0#"),
            ("h02", "4109172838", "  8040000 race.example {}"),
            ("nmea", "moto-1", "The receiver sends to race.example:{} (udp)."),
        ):
            transport = "udp" if source == "nmea" else "tcp"
            _, _, port = opened.addresses[f"{source} {transport}"].rpartition(":")
            adding = ("add", "--bib", "3", "--source", source, "--device", device, "--host", "race.example")
            done = await tracker(opened, *adding, "--no-wait")
            assert done.code == 0, done.err
            assert told.format(port) in done.out.splitlines()
            assert ("moto-1:$GPRMC" in done.out) == (source == "nmea")
        assigned = [decision.assign.tracker for decision in await decisions(opened)]
    assert assigned == [
        tracker_of("gt06", "356307042441013"),
        tracker_of("h02", "4109172838"),
        tracker_of("nmea", "moto-1"),
    ]


async def test_a_receiver_whose_port_says_who_it_is_is_called_so_and_nothing_else(
    platform: Platform, free_port
):
    async with gateway(platform, free_port, "nmea=tcp://0.0.0.0:0?device=moto-1") as opened:
        adding = ("add", "--bib", "3", "--host", "race.example", "--no-wait")
        other = await tracker(opened, *adding, "--device", "moto-2")
        assert (other.code, "all that comes there is moto-1's" in other.err) == (1, True), other.err
        done = await tracker(opened, *adding)
        assert (done.code, "$GPRMC" in done.out) == (0, False), done.out + done.err
        (decision,) = await decisions(opened)
    assert decision.assign.tracker == tracker_of("nmea", "moto-1")


async def test_whoever_does_not_wait_for_the_first_fix_leaves_the_rider_the_tracker(phones: Gateway):
    adding = await Command.start(phones, "add", "--bib", "3", "--host", "race.example")
    await adding.line("waiting for the first fix")
    adding.interrupt()
    done = await adding.done()
    assert (done.code, "Traceback" in done.err) == (0, False), done.err
    assert [decision.assign.bib for decision in await decisions(phones)] == [3]


async def test_who_knocks_is_listed_with_the_command_that_adopts_it(phones: Gateway):
    await sends(phones, "anne's phone")
    listed = await tracker(phones, "list", "--unknown")
    adopts = f"ardoise tracker assign {shlex.quote("anne's phone")} --source osmand --bib N"
    assert adopts in listed.out
    assert (await tracker(phones, "assign", "anne's phone", "--bib", "2")).code == 0
    await sends(phones, "anne's phone")
    assert adopts not in (await tracker(phones, "list")).out
    (frame,) = await phones.frames()
    assert list(frame.tracker) == [tracker_of("osmand", "anne's phone")]


async def test_a_change_of_bikes_holds_from_the_second_that_is_stated_and_is_undone_by_nobody(
    phones: Gateway,
):
    at_ms = time.time_ns() // 1_000_000_000 * 1_000 - 120_000
    at = datetime.fromtimestamp(at_ms / 1000).astimezone().replace(tzinfo=None).isoformat()
    changed = await tracker(phones, "assign", "356307042441013", "--bib", "1", "--from", at)
    assert changed.code == 0, changed.err
    (decision,) = await decisions(phones)
    assert (decision.effective_time_ms, decision.author) == (at_ms, "race-control")
    assert (decision.assign.tracker, decision.assign.bib) == (tracker_of("osmand", "356307042441013"), 1)
    assert "not yet" in (await tracker(phones, "list")).out
    assert (await tracker(phones, "assign", "356307042441013", "--nobody")).code == 0
    assert "nobody is heard yet" in (await tracker(phones, "list")).out


async def test_a_tracker_is_tried_until_a_fix_is_good_for_a_race(phones: Gateway):
    await sends(phones, "9001", ahead_ms=3_600_000)
    trying = await Command.start(phones, "test", "9001")
    await trying.line("waiting for 9001")
    await sends(phones, "9001", ahead_ms=3_600_000, accuracy_m=120)
    await trying.line("  120 m is not by satellites")
    await trying.line("  clock 1 h ahead: local time?")
    for _ in range(8):  # as many as a clock is told from
        await sends(phones, "9001")
    done = await trying.done()
    _, first, *_, last, verdict = done.out.splitlines()
    assert (done.code, verdict) == (0, "good for a race"), done.out + done.err
    assert "120 m" in first, "what was there before is not what is waited for"
    assert last.endswith("5 m, 87 % battery, clock right")


async def test_a_recorded_ride_is_ridden_now_as_a_riders_tracker_with_its_heart_rate(
    phones: Gateway, tmp_path: Path
):
    ride = tmp_path / "ride.tcx"
    ride.write_text(
        TCX.format("".join(TRACKPOINT.format(second, 5.01 + second / 1e4) for second in range(20)))
    )
    unheard = await tracker(phones, "replay", str(ride), "--bib", "4", "--speed", "20")
    assert (unheard.code, await phones.frames()) == (1, [])
    assert "ardoise tracker assign NAME --source osmand --bib 4, then --device NAME" in unheard.err
    await sends(phones, "9004")
    (heard,) = await phones.frames()
    begin_ms = time.time_ns() // 1_000_000
    done = await tracker(phones, "replay", str(ride), "--bib", "4", "--speed", "20")
    assert done.code == 0, done.err
    assert "20 of 20 fixes sent; ardoise tracker test 9004 --source osmand" in done.out
    frames = [frame for frame in await phones.frames() if frame != heard]
    times_ms = [frame.base_time_ms + offset for frame in frames for offset in frame.time_offset_ms]
    assert {tracker for frame in frames for tracker in frame.tracker} == {tracker_of("osmand", "9004")}
    assert len(times_ms) == 20
    assert begin_ms <= min(times_ms) <= max(times_ms) <= time.time_ns() // 1_000_000
    assert max(times_ms) - min(times_ms) == 950
    bus = await phones.platform.bus("biometrics")
    async with asyncio.timeout(LIMIT_S):
        subscription = await bus.js.subscribe(f"bio.{phones.epoch}.gateway", ordered_consumer=True)
        measured = BiometricFrame.FromString((await subscription.next_msg(LIMIT_S)).data)
    await bus.close()
    assert set(measured.heart_rate_bpm) == {150}


async def test_a_ride_keeps_its_times_where_that_is_said(phones: Gateway, tmp_path: Path):
    ride = tmp_path / "ride.tcx"
    ride.write_text(
        TCX.format("".join(TRACKPOINT.format(second, 5.01 + second / 1e4) for second in range(3)))
    )
    done = await tracker(phones, "replay", str(ride), "--device", "9004", "--speed", "20", "--keep-times")
    assert done.code == 0, done.err
    recorded_ms = 1_783_245_600_000
    (device,) = await phones.devices()
    assert (device.fixes, device.fix_time_ms) == (3, recorded_ms + 2_000)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "--bib", "3"), "ARDOISE_SOURCES=osmand=http://0.0.0.0:"),
        (("add", "--bib", "77", "--host", "race.example"), "no rider with bib 77"),
        (("add", "--bib", "3", "--source", "gt06", "--device", "356307042441013"), "gt06 is not switched on"),
        (("add", "--bib", "3", "--device", "mine", "--host", "race.example"), "leave out --device"),
        (("assign", "mine"), "--nobody"),
        (
            ("assign", "mine", "--bib", "3", "--source", "gt06"),
            "gt06 is not switched on (osmand: osmand over http)",
        ),
        (("test", "mine", "--source", "gt06"), "gt06 is not switched on"),
        (("replay", "no.gpx", "--bib", "3"), "does not exist"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_to_do_and_nothing_is_decided(
    phones: Gateway, arguments: tuple[str, ...], says: str
):
    done = await tracker(phones, *arguments)
    assert done.code != 0
    assert says in done.err, done.err
    assert await decisions(phones) == []


async def test_where_several_sources_could_be_meant_it_is_said_which_there_are(
    platform: Platform, free_port, tmp_path: Path
):
    ride = tmp_path / "ride.tcx"
    ride.write_text(TCX.format(TRACKPOINT.format(0, 5.01) + TRACKPOINT.format(1, 5.02)))
    sources = (
        "osmand=http://127.0.0.1:0,osmand=http://127.0.0.1:0?name=osmand-mps&speed=mps,gt06=tcp://127.0.0.1:0"
    )
    async with gateway(platform, free_port, sources) as opened:
        either = "say --source osmand or --source osmand-mps"
        for arguments in (
            ("add", "--bib", "3", "--host", "race.example"),
            ("assign", "9001", "--nobody"),
            ("test", "9001"),
            ("replay", str(ride), "--device", "9001"),
        ):
            unsaid = await tracker(opened, *arguments)
            assert (unsaid.code, either in unsaid.err) == (1, True), unsaid.err
        assert ("--source gt06" in unsaid.err) is False, "no ride is sent in its words"
        nameless = await tracker(opened, "add", "--bib", "3", "--source", "gt06", "--host", "race.example")
        assert "gt06: say with --device" in nameless.err
        assert await decisions(opened) == []
        done = await tracker(opened, "assign", "9001", "--bib", "3", "--source", "osmand-mps")
        assert done.code == 0, done.err
        (decision,) = await decisions(opened)
        assert decision.assign.tracker == tracker_of("osmand-mps", "9001")
        done = await tracker(
            opened, "replay", str(ride), "--device", "9001", "--source", "osmand-mps", "--speed", "9"
        )
        assert done.code == 0, done.err
        (device,) = await opened.devices()
        assert (device.source, device.tracker) == ("osmand-mps", tracker_of("osmand-mps", "9001"))


async def test_a_gateway_that_does_not_run_and_a_stage_that_is_not_live_are_said(
    platform: Platform, free_port
):
    ingest_port = free_port()
    nobody = Gateway(platform, 0, ingest_port, free_port(), {})
    away = await tracker(nobody, "list")
    assert (away.code, "does `ardoise up` run" in away.err) == (1, True), away.err
    async with platform.ingest(ingest_port):
        early = await tracker(nobody, "assign", "k7m2", "--bib", "3")
        assert (early.code, "does `ardoise up` run" in early.err) == (1, True), early.err
    async with gateway(platform, free_port, "osmand=http://127.0.0.1:0", active=False) as phones:
        early = await tracker(phones, "assign", "k7m2", "--bib", "3")
        assert (early.code, "no stage is active: load one" in early.err) == (1, True), early.err
