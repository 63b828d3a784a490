"""A RaceService that a test conducts: real gRPC, real certificates, snapshots made by hand."""

import asyncio
from collections.abc import AsyncIterator

import grpc
from ardoise.chassis.newest import Newest
from ardoise.chassis.rpc import EVERYBODY, Failure, Reason, RpcServer, Servicer
from ardoise.chassis.settings import CommonSettings
from ardoise.pb import common_pb2, race_pb2, race_pb2_grpc

from tests.support.platform import Platform
from tests.support.stage import small_stage

EPOCH = 1_783_000_000_000
START_MS = 1_783_000_100_000
HEARTBEAT_S = 0.2


def snapshot(
    second: int, *, epoch: int = EPOCH, gap_s: float = 60.0, state: int = common_pb2.RACE_STATE_RACING
) -> race_pb2.Snapshot:
    """Two riders ahead of twenty on small_stage's ten kilometres, at 12 m/s since kilometre 1."""
    at_ms = START_MS + 1000 * second
    result = race_pb2.Snapshot(
        name=common_pb2.SnapshotName(engine_version="test", epoch=epoch, sequence=100 + second),
        race_time_ms=at_ms,
        stage_id="test-1",
        race_state=state,
    )
    ahead_cm = 100_000 + 1200 * second
    groups = (
        (1, race_pb2.GROUP_ROLE_HEAD, range(1, 3), ahead_cm, 0),
        (2, race_pb2.GROUP_ROLE_PELOTON, range(3, 23), ahead_cm - round(1200 * gap_s), round(1000 * gap_s)),
    )
    for group_id, role, bibs, distance_cm, gap_ms in groups:
        result.groups.add(
            group_id=group_id,
            role=role,
            number=1,
            bibs=bibs,
            distance_cm=distance_cm,
            gap_ms=gap_ms,
            speed_mmps=12_000,
        )
        for bib in bibs:
            result.riders.add(
                bib=bib,
                status=common_pb2.RIDER_STATUS_RACING,
                distance_cm=distance_cm,
                gap_ms=gap_ms,
                group_id=group_id,
                fix_time_ms=at_ms - 2500,
            )
    return result


class ConductedRace(race_pb2_grpc.RaceServiceServicer):
    """Shows what the test sets; remembers the tokens that watchers came with."""

    def __init__(self) -> None:
        self.shown: Newest[race_pb2.Snapshot] = Newest()
        self.tokens: list[tuple[int, int]] = []
        self.unknown_epochs: set[int] = set()
        self._server: RpcServer | None = None
        self._closing = asyncio.Event()

    async def WatchSnapshots(
        self, request: race_pb2.WatchSnapshotsRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[race_pb2.WatchSnapshotsResponse]:
        self.tokens.append((request.after.epoch, request.after.sequence))
        if request.after.epoch in self.unknown_epochs:
            raise Failure(Reason.ERROR_REASON_EPOCH_UNKNOWN, "gone")
        version, resume = 0, request.after
        while not self._closing.is_set():
            found = await self.shown.next(version, HEARTBEAT_S)
            if found is None:
                position = common_pb2.ResumeToken(epoch=EPOCH, sequence=5_000)
                yield race_pb2.WatchSnapshotsResponse(
                    resume=resume, heartbeat=race_pb2.WatchHeartbeat(position=position)
                )
                continue
            version, newest = found
            resume = common_pb2.ResumeToken(epoch=newest.name.epoch, sequence=newest.name.sequence)
            yield race_pb2.WatchSnapshotsResponse(resume=resume, snapshot=newest)

    async def GetStage(
        self, request: race_pb2.GetStageRequest, context: grpc.aio.ServicerContext
    ) -> race_pb2.GetStageResponse:
        return race_pb2.GetStageResponse(epoch=request.epoch, setup=small_stage(22))

    async def open(self, platform: Platform, port: int) -> None:
        """Opens its port as positioning would."""
        self._closing.clear()
        settings = platform.settings(CommonSettings, grpc_listen=f"127.0.0.1:{port}")
        add = race_pb2_grpc.add_RaceServiceServicer_to_server
        servicer = Servicer(self, add, "ardoise.v1.RaceService", {"*": EVERYBODY})
        self._server = RpcServer("positioning", settings, (servicer,))
        await self._server.start()

    async def close(self) -> None:
        """Stops serving; watchers see their watch end."""
        self._closing.set()
        assert self._server is not None
        await self._server.drain()
