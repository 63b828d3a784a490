"""What each site makes of the log: how far its copy goes, and the digests of the race that it derives."""

import asyncio

import grpc
import nats.errors
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import stream_of
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.race_pb2 import WatchSnapshotsRequest
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.rehearsal.drills.history import DigestSeen, History, PositionSeen

LOOK_EVERY_S = 0.5
LOOK_LIMIT_S = 1.0
AGAIN_S = 0.3


async def watch_position(bus: Bus, site: str, history: History) -> None:
    """The last sequence of the site's copy of the log, until cancelled."""
    js = bus.nc.jetstream(timeout=LOOK_LIMIT_S)
    while True:
        try:
            state = (await js.stream_info(stream_of(history.epoch))).state
            seen = PositionSeen(history.now_s(), site, state.last_seq, state.bytes)
        except (nats.errors.Error, APIError, TimeoutError):
            seen = PositionSeen(history.now_s(), site, None)
        history.positions.append(seen)
        await asyncio.sleep(LOOK_EVERY_S)


async def watch_digests(channel: grpc.aio.Channel, site: str, history: History) -> None:
    """Every snapshot that the site's positioning gives out, until cancelled; goes on where a connection broke."""
    stub = RaceServiceStub(channel)
    after: ResumeToken | None = None
    while True:
        try:
            async for answer in stub.WatchSnapshots(WatchSnapshotsRequest(after=after)):
                after = answer.resume
                if answer.WhichOneof("update") != "snapshot":
                    continue
                snapshot = answer.snapshot
                name = (snapshot.name.engine_version, snapshot.name.epoch, snapshot.name.sequence)
                seen = DigestSeen(history.now_s(), site, name, snapshot.race_time_ms, snapshot.digest.hex())
                history.digests.append(seen)
        except grpc.RpcError:
            await asyncio.sleep(AGAIN_S)
