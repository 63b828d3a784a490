"""The whole way: hostile relays at a real ingest, a real positioning behind it, and what security makes of them."""

import time

from ardoise.pb.telemetry_pb2 import RelayRequest
from ardoise.pb.telemetry_pb2_grpc import TelemetryServiceStub
from ardoise.positioning.app import run as run_positioning
from ardoise.positioning.settings import PositioningSettings

from tests.support.platform import activate, running
from tests.support.stage import frame_of, small_stage

HOUR_MS = 3_600_000


async def send(platform, port: int, relay: str, frames: list) -> None:
    """Sends frames as the relay and waits for the first answer to the last."""
    async with platform.channel(port, relay) as channel:
        call = TelemetryServiceStub(channel).Relay()
        for frame in frames:
            await call.write(RelayRequest(frame=frame))
            await call.read()


def torn(number: int):
    frame = frame_of("moto-3", number, [9001, 9002])
    del frame.latitude_e7[1:]
    return frame


async def test_each_way_to_lie_is_an_alert_about_the_one_who_does(platform, free_port):
    ingest_port, positioning_port = free_port(), free_port()
    positioning = platform.settings(PositioningSettings, grpc_listen=f"127.0.0.1:{positioning_port}")
    async with (
        platform.ingest(ingest_port),
        running(run_positioning(positioning), positioning_port, platform),
        platform.security(),
    ):
        await activate(platform, ingest_port, small_stage(riders=6))
        await send(platform, ingest_port, "moto-3", [torn(number) for number in range(1, 21)])
        malformed = await platform.alert(lambda alert: alert.rule == "malformed-flood")
        strangers = [frame_of("moto-3", 30, list(range(990_000, 990_030)))]
        await send(platform, ingest_port, "moto-3", strangers)
        scan = await platform.alert(lambda alert: alert.rule == "tracker-scan")
        ahead_ms = time.time_ns() // 1_000_000 + HOUR_MS
        await send(
            platform, ingest_port, "moto-2", [frame_of("moto-2", 1, list(range(9001, 9007)), at_ms=ahead_ms)]
        )
        clock = await platform.alert(lambda alert: alert.rule == "relay-clock")
        async with (
            platform.channel(ingest_port, "moto-1") as first,
            platform.channel(ingest_port, "moto-1") as second,
        ):
            calls = []
            for number, channel in enumerate((first, second) * 2, 1):
                calls.append(TelemetryServiceStub(channel).Relay())
                await calls[-1].write(RelayRequest(frame=frame_of("moto-1", number, [9001])))
                await calls[-1].read()
            twice = await platform.alert(lambda alert: alert.rule == "relay-two-places")
            for call in calls:
                call.cancel()
    assert malformed.subject == "source:moto-3"
    assert "2 trackers but 1 values in latitude_e7" in malformed.evidence[0].detail
    assert scan.subject == "source:moto-3"
    assert clock.subject == "relay:moto-2"
    assert clock.evidence[0].detail.endswith("s ahead")
    assert twice.subject == "relay:moto-1"
