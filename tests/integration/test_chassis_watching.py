"""A watch is kept open over whatever its peer does."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from ardoise.chassis import watching
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.rpc import EVERYBODY, RpcServer, Servicer, channel
from ardoise.chassis.settings import CommonSettings
from ardoise.chassis.watching import Watch
from ardoise.pb import common_pb2, race_pb2, race_pb2_grpc

LIMIT_S = 10.0
ASKS = 3


class FalteringRace(race_pb2_grpc.RaceServiceServicer):
    """Answers each watch with one heartbeat; then it ends the stream, or says nothing more."""

    def __init__(self, *, ends: bool) -> None:
        self.ends = ends
        self.asked_after: list[int] = []
        self.asked_s: list[float] = []
        self.asked_enough = asyncio.Event()

    async def WatchSnapshots(
        self, request: race_pb2.WatchSnapshotsRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[race_pb2.WatchSnapshotsResponse]:
        self.asked_after.append(request.after.sequence)
        self.asked_s.append(time.monotonic())
        if len(self.asked_s) == ASKS:
            self.asked_enough.set()
        resume = common_pb2.ResumeToken(epoch=1, sequence=len(self.asked_after))
        yield race_pb2.WatchSnapshotsResponse(resume=resume, heartbeat=race_pb2.WatchHeartbeat())
        if not self.ends:
            await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def watched(race: FalteringRace, tmp_path: Path) -> AsyncIterator[list[str]]:
    """The states of the link, each told once, while a watch of this race runs."""
    ensure_development_identity(tmp_path / "identity", "positioning", Role.SERVICE)
    settings = CommonSettings(state_dir=tmp_path)
    add = race_pb2_grpc.add_RaceServiceServicer_to_server
    server = RpcServer(
        "positioning", settings, (Servicer(race, add, "ardoise.v1.RaceService", {"*": EVERYBODY}),)
    )
    await server.start()
    told: list[str] = []

    def tell(state: str, reason: str) -> None:
        said = f"{state} {reason}".strip()
        if said not in told[-1:]:
            told.append(said)

    async def take(_: race_pb2.WatchSnapshotsResponse) -> None: ...

    async with channel(f"127.0.0.1:{server.port}", settings, "positioning") as opened:
        stub = race_pb2_grpc.RaceServiceStub(opened)
        watch = Watch(
            "positioning",
            opened,
            lambda after: stub.WatchSnapshots(race_pb2.WatchSnapshotsRequest(after=after)),
            take,
            tell,
        )
        running = asyncio.create_task(watch.run())
        yield told
        running.cancel()
    await server.drain()


@pytest.mark.parametrize(("ends", "why"), [(True, "ended"), (False, "silent")])
async def test_a_peer_that_says_no_more_is_asked_again_in_a_while_from_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bool, why: str
):
    monkeypatch.setattr(watching, "SILENCE_LIMIT_S", 0.5)
    monkeypatch.setattr(watching, "SETTLED_S", 0.1)
    race = FalteringRace(ends=ends)
    async with watched(race, tmp_path) as told:
        await asyncio.wait_for(race.asked_enough.wait(), LIMIT_S)
    assert race.asked_after[:ASKS] == [0, 1, 2]
    assert told[:3] == ["connected", f"reconnecting {why}", "connected"]
    assert all(b - a >= watching.FIRST_RETRY_S for a, b in itertools.pairwise(race.asked_s))
