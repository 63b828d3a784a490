"""Follows the race: snapshots from positioning, over every restart of it."""

from collections.abc import Callable
from typing import Any

import grpc

from ardoise.analytics.deriver import Deriver
from ardoise.analytics.predictor import Predictor
from ardoise.chassis.watching import Token, Watch
from ardoise.pb import analytics_pb2, race_pb2, race_pb2_grpc

STAGE_LIMIT_S = 5.0


def watch_race(
    channel: grpc.aio.Channel,
    predictor: Predictor,
    deriver: Deriver,
    publish: Callable[[analytics_pb2.PredictionSet], None],
) -> Watch:
    """Feeds snapshots into predictor and deriver, and the predictions to `publish`."""
    race = race_pb2_grpc.RaceServiceStub(channel)

    def open_call(after: Token) -> Any:
        return race.WatchSnapshots(race_pb2.WatchSnapshotsRequest(after=after))

    async def take(response: race_pb2.WatchSnapshotsResponse) -> None:
        match response.WhichOneof("update"):
            case "snapshot":
                snapshot = response.snapshot
                if not predictor.knows_stage(snapshot.name.epoch):
                    stage = await race.GetStage(
                        race_pb2.GetStageRequest(epoch=snapshot.name.epoch), timeout=STAGE_LIMIT_S
                    )
                    predictor.begin_stage(snapshot.name.epoch, stage.setup)
                    deriver.begin_stage(snapshot.name.epoch, stage.setup)
                deriver.take(snapshot)
                made = predictor.take(snapshot)
                if made is not None:
                    publish(made)
            case "heartbeat":
                position = response.heartbeat.position
                predictor.reached(position.epoch, position.sequence)
                deriver.reached(position.epoch, position.sequence)

    return Watch("positioning", channel, open_call, take)
