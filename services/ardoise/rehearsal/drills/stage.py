"""The race that a drill rides: a log of its own, made live for as long as the drill lasts."""

import time
import uuid

import grpc

from ardoise.chassis.rpc import Reason, failure_of
from ardoise.pb import control_pb2
from ardoise.pb.common_pb2 import RaceState
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.race_pb2 import GetSnapshotRequest
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.pb.setup_pb2 import StageSetup

CALL_LIMIT_S = 15.0
ON = {RaceState.RACE_STATE_NEUTRALISED, RaceState.RACE_STATE_RACING, RaceState.RACE_STATE_STOPPED}
NEUTRAL_S = 6_000
"""The race has long been on when the drill joins it."""


async def race_on(positioning: grpc.aio.Channel) -> bool:
    """Whether a race that is not over is live. Raises grpc.RpcError where positioning does not answer."""
    try:
        answer = await RaceServiceStub(positioning).GetSnapshot(GetSnapshotRequest(), timeout=CALL_LIMIT_S)
    except grpc.aio.AioRpcError as error:
        if failure_of(error).reason == Reason.ERROR_REASON_NO_ACTIVE_STAGE:
            return False
        raise
    return answer.snapshot.race_state in ON


async def begin_race(ingest: grpc.aio.Channel, stage: StageSetup) -> int:
    """Opens a log for the stage, makes it live and starts the race; returns its epoch."""
    control = RaceControlServiceStub(ingest)
    loaded = await control.LoadStage(
        control_pb2.LoadStageRequest(request_id=uuid.uuid4().hex, setup=stage), timeout=CALL_LIMIT_S
    )
    await control.ActivateStage(
        control_pb2.ActivateStageRequest(request_id=uuid.uuid4().hex, epoch=loaded.epoch),
        timeout=CALL_LIMIT_S,
    )
    started_ms = time.time_ns() // 1_000_000 - NEUTRAL_S * 1000
    await decide(
        control,
        loaded.epoch,
        control_pb2.Decision(reason="drill", effective_time_ms=started_ms, start=control_pb2.StartRace()),
    )
    return loaded.epoch


async def end_race(ingest: grpc.aio.Channel, epoch: int) -> None:
    """The drill's race is over."""
    over = control_pb2.Decision(reason="the drill is over", finish=control_pb2.FinishRace())
    await decide(RaceControlServiceStub(ingest), epoch, over)


async def decide(
    control: RaceControlServiceStub, epoch: int, decision: control_pb2.Decision
) -> control_pb2.RecordDecisionResponse:
    """Has it stand in the log. Raises grpc.aio.AioRpcError where it is refused."""
    request = control_pb2.RecordDecisionRequest(request_id=uuid.uuid4().hex, epoch=epoch, decision=decision)
    return await control.RecordDecision(request, timeout=CALL_LIMIT_S)
