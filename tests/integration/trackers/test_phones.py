"""Phones that speak OsmAnd's protocol, before the gateway and a real ingest."""

import asyncio
import json
import time
from datetime import UTC, datetime

import httpx
import pytest
from ardoise.chassis.identity import Role
from ardoise.pb.telemetry_pb2 import BiometricFrame, RelayRequest
from ardoise.pb.telemetry_pb2_grpc import TelemetryServiceStub
from ardoise.pb.trackers_pb2 import DEVICE_CLOCK_RIGHT
from ardoise.trackers.domain.numbers import tracker_of

from tests.support.gateway import Gateway, gateway
from tests.support.platform import Platform
from tests.support.stage import frame_of, small_stage

LIMIT_S = 10.0
PHONE = tracker_of("osmand", "9001")


@pytest.fixture
async def phones(platform: Platform, free_port):
    async with gateway(platform, free_port, "osmand=http://127.0.0.1:0") as opened:
        yield opened


async def send(phones: Gateway, query: str, **request: object) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.post(f"http://{phones.addresses['osmand http']}/{query}", **request)


async def test_a_phones_fix_is_in_the_log_when_it_is_answered(phones: Gateway):
    now_ms = time.time_ns() // 1_000_000
    answer = await send(phones, f"?id=9001&lat=45.0&lon=5.01&timestamp={now_ms}&speed=20&accuracy=4&batt=87")
    assert answer.status_code == 200, answer.text
    (frame,) = await phones.frames()
    assert list(frame.tracker) == [PHONE]
    assert frame.base_time_ms == now_ms
    assert (frame.latitude_e7[0], frame.longitude_e7[0]) == (450_000_000, 50_100_000)
    assert frame.speed_mmps[0] == 10_289
    assert frame.accuracy_cm[0] == 400
    (device,) = await phones.devices()
    assert (device.name, device.tracker, device.known, device.battery_percent) == ("9001", PHONE, True, 87)
    assert device.clock == DEVICE_CLOCK_RIGHT


async def test_where_the_trucks_clock_is_behind_that_of_three_relays_a_phone_is_right_that_has_their_time(
    phones: Gateway,
):
    ahead_s = 60
    for number in range(3):
        moto = f"moto-{number}"
        phones.platform.identity(moto, Role.RELAY)
        async with phones.platform.channel(phones.ingest_port, moto) as channel:
            call = TelemetryServiceStub(channel).Relay()
            at_ms = time.time_ns() // 1_000_000 + ahead_s * 1000
            await call.write(RelayRequest(frame=frame_of(moto, 1, [PHONE], at_ms=at_ms)))
            await asyncio.wait_for(call.read(), LIMIT_S)
    offsets_s = {}
    # The first answer tells the gateway; a device is held against it from then on.
    for _ in range(2):
        for name, off_s in (("9001", ahead_s), ("9002", 0)):
            answer = await send(phones, f"?id={name}&lat=45.0&lon=5.01&timestamp={time.time() + off_s:.0f}")
            assert answer.status_code == 200, answer.text
    for device in await phones.devices():
        offsets_s[device.name] = device.clock_offset_ms / 1000
        assert (device.clock == DEVICE_CLOCK_RIGHT) == (device.name == "9001")
    assert offsets_s == {"9001": pytest.approx(0, abs=2), "9002": pytest.approx(-ahead_s, abs=2)}


async def test_a_phone_that_nobody_knows_is_answered_and_listed_as_knocking(phones: Gateway):
    body = {
        "device_id": "anne's phone",
        "location": {
            "timestamp": "2026-07-05T12:00:00Z",
            "coords": {"latitude": 45.0, "longitude": 5.01, "accuracy": 5, "speed": 3.5},
            "battery": {"level": 0.5},
        },
    }
    answer = await send(phones, "", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert await phones.frames() == []
    (device,) = await phones.devices(unknown_only=True)
    assert (device.name, device.known, device.battery_percent) == ("anne's phone", False, 50)
    assert device.tracker >= 2**52


async def test_a_phone_that_says_the_number_of_an_official_tracker_rides_as_nobody(
    platform: Platform, free_port
):
    setup = small_stage()
    assert setup.assignments[0].tracker == 9001
    async with gateway(platform, free_port, "osmand=http://127.0.0.1:0", setup=setup) as phones:
        assert (
            await send(phones, f"?id=9001&lat=45.0&lon=5.01&timestamp={time.time():.0f}")
        ).status_code == 200
        assert await phones.frames() == []
        (device,) = await phones.devices(unknown_only=True)
    assert (device.name, device.tracker) == ("9001", PHONE)


async def test_a_heart_rate_goes_to_the_teams_log_and_stays_out_of_the_races(phones: Gateway):
    now_ms = time.time_ns() // 1_000_000
    answer = await send(phones, f"?id=9001&lat=45.0&lon=5.01&timestamp={now_ms}&heartRate=171")
    assert answer.status_code == 200, answer.text
    bus = await phones.platform.bus("biometrics")
    async with asyncio.timeout(LIMIT_S):
        subscription = await bus.js.subscribe(f"bio.{phones.epoch}.gateway", ordered_consumer=True)
        frame = BiometricFrame.FromString((await subscription.next_msg(LIMIT_S)).data)
    await bus.close()
    assert (list(frame.tracker), list(frame.heart_rate_bpm)) == ([PHONE], [171])
    assert frame.base_time_ms + frame.time_offset_ms[0] == now_ms


async def test_ten_minutes_that_a_phone_has_kept_are_in_the_log_in_their_order_and_counted_as_late(
    phones: Gateway,
):
    now_ms = time.time_ns() // 1_000_000
    times_ms = [now_ms - age_s * 1000 for age_s in reversed(range(600))]
    kept = [
        {
            "timestamp": datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(),
            "coords": {"latitude": 45.0, "longitude": 5.0 + number / 10_000},
        }
        for number, at_ms in enumerate(times_ms)
    ]
    body = json.dumps({"device_id": "9001", "location": kept})
    answer = await send(phones, "", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    in_log = [
        frame.base_time_ms + offset for frame in await phones.frames() for offset in frame.time_offset_ms
    ]
    assert in_log == times_ms
    (device,) = await phones.devices()
    assert (device.fixes, device.clock) == (600, DEVICE_CLOCK_RIGHT)
    assert 569 <= device.late <= 571


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("?lat=45.0&lon=5.01", 400, "names no device"),
        ("?id=9001&lat=95.0&lon=5.01", 400, "beyond 90 degrees"),
        ("?id=9001&lat=north&lon=5.01", 400, "no number"),
    ],
)
async def test_nonsense_is_refused_with_what_is_wrong(phones: Gateway, query: str, status: int, says: str):
    answer = await send(phones, query)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert await phones.frames() == []
