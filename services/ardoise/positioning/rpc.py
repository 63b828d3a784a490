"""RaceService: the live race to whoever asks."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import asdict

import grpc

from ardoise.chassis.paging import paginate
from ardoise.chassis.rpc import EVERYBODY, Failure, Reason, Servicer
from ardoise.chassis.watching import WatchLimit
from ardoise.pb import common_pb2, race_pb2, race_pb2_grpc
from ardoise.positioning.consumer import Consumer, Served
from ardoise.positioning.standings import standings_now

HEARTBEAT_S = 5.0
MOST_WATCHERS = 500
BUSY_MS = 30_000
CHANGE_OF_STAGE_S = 1.0
"""How soon a watcher notices that another stage is live."""
SOON_MS = 1_000
TRACK_PAGE, MOST_TRACK_PAGE = 1_000, 5_000
EVENT_PAGE, MOST_EVENT_PAGE = 100, 500


class RaceService(race_pb2_grpc.RaceServiceServicer):
    """Answers from the races that the consumer derives."""

    def __init__(self, consumer: Consumer, stopping: asyncio.Event) -> None:
        self._consumer, self._stopping = consumer, stopping
        self._places = WatchLimit(MOST_WATCHERS, BUSY_MS)

    def servicer(self) -> Servicer:
        """How the chassis serves it: open to every role."""
        return Servicer(
            self, race_pb2_grpc.add_RaceServiceServicer_to_server, "ardoise.v1.RaceService", {"*": EVERYBODY}
        )

    async def GetSnapshot(
        self, request: race_pb2.GetSnapshotRequest, context: grpc.aio.ServicerContext
    ) -> race_pb2.GetSnapshotResponse:
        """The newest snapshot."""
        del context
        served = self._served(request.epoch)
        if served.newest.value is None:
            raise Failure(
                Reason.ERROR_REASON_NO_ACTIVE_STAGE,
                "the stage is known, but no second of it has passed",
                retry_after_ms=SOON_MS,
            )
        return race_pb2.GetSnapshotResponse(snapshot=served.newest.value.message)

    async def WatchSnapshots(
        self, request: race_pb2.WatchSnapshotsRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[race_pb2.WatchSnapshotsResponse]:
        """The newest snapshot whenever there is a newer one than the reader has, else heartbeats.

        A token's epoch is watched until a later one is live; without a token the live one.
        """
        del context
        if request.after.epoch and self._later(request.after.epoch) is None:
            raise self._unknown(request.after.epoch)
        with self._places.place():
            async for response in self._watch(request.after.epoch, request.after.sequence):
                yield response
        raise Failure(Reason.ERROR_REASON_DRAINING, "positioning is stopping", retry_after_ms=SOON_MS)

    async def _watch(self, epoch: int, sequence: int) -> AsyncIterator[race_pb2.WatchSnapshotsResponse]:
        """Until the service stops."""
        version, spoke = 0, time.monotonic()
        while not self._stopping.is_set():
            served = self._later(epoch)
            if served is None:
                await asyncio.sleep(CHANGE_OF_STAGE_S)
                if time.monotonic() - spoke >= HEARTBEAT_S:
                    spoke = time.monotonic()
                    yield race_pb2.WatchSnapshotsResponse(heartbeat=race_pb2.WatchHeartbeat())
                continue
            if served.race.epoch != epoch:
                epoch, sequence, version = served.race.epoch, 0, 0
            found = await served.newest.next(version, CHANGE_OF_STAGE_S)
            if found is not None:
                version, closed = found
                if closed.sequence > sequence:
                    sequence, spoke = closed.sequence, time.monotonic()
                    yield race_pb2.WatchSnapshotsResponse(
                        resume=common_pb2.ResumeToken(epoch=epoch, sequence=sequence), snapshot=closed.message
                    )
            elif time.monotonic() - spoke >= HEARTBEAT_S:
                spoke = time.monotonic()
                yield self._heartbeat(served, sequence)

    async def GetGapAt(
        self, request: race_pb2.GetGapAtRequest, context: grpc.aio.ServicerContext
    ) -> race_pb2.GetGapAtResponse:
        """Who passed a point of the road when."""
        del context
        served = self._served(request.epoch)
        engine, at_cm = served.race.engine, request.distance_cm
        _require_between(engine.road.start_cm, at_cm, engine.road.finish_cm)
        passages = [race_pb2.Passage(**asdict(passage)) for passage in engine.passages_at(at_cm)]
        return race_pb2.GetGapAtResponse(distance_cm=at_cm, passages=passages)

    async def GetStandings(
        self, request: race_pb2.GetStandingsRequest, context: grpc.aio.ServicerContext
    ) -> race_pb2.GetStandingsResponse:
        """The result as it would be now, or at a point of the road, and the classifications with it."""
        del context
        race = self._served(request.epoch).race
        at_cm = race.engine.road.finish_cm
        if request.HasField("distance_cm"):
            at_cm = request.distance_cm
            _require_between(0, at_cm, race.engine.road.finish_cm)
        return standings_now(race, at_cm)

    async def GetRiderTrack(
        self, request: race_pb2.GetRiderTrackRequest, context: grpc.aio.ServicerContext
    ) -> race_pb2.GetRiderTrackResponse:
        """The points of the road that a rider passed, by distance."""
        del context
        served = self._served(request.epoch)
        engine = served.race.engine
        try:
            distance_cm, time_ms = engine.track(request.bib)
        except KeyError:
            raise Failure(
                Reason.ERROR_REASON_RIDER_UNKNOWN, f"no rider has bib {request.bib}", bib=request.bib
            ) from None
        indices, token = paginate(
            range(len(distance_cm)),
            request.page_size,
            request.page_token,
            default=TRACK_PAGE,
            most=MOST_TRACK_PAGE,
            scope=f"track {served.race.epoch} {request.bib}",
        )
        page = slice(indices[0], indices[-1] + 1) if indices else slice(0, 0)
        latitude_e7, longitude_e7 = engine.road.place(distance_cm[page])
        columns = (distance_cm[page], time_ms[page], latitude_e7, longitude_e7)
        return race_pb2.GetRiderTrackResponse(
            points=[
                race_pb2.TrackPoint(distance_cm=cm, time_ms=ms, latitude_e7=latitude, longitude_e7=longitude)
                for cm, ms, latitude, longitude in zip(*(c.tolist() for c in columns), strict=True)
            ],
            next_page_token=token,
        )

    async def GetStage(
        self, request: race_pb2.GetStageRequest, context: grpc.aio.ServicerContext
    ) -> race_pb2.GetStageResponse:
        """The stage; which tracker is on whose bike is nobody's business outside."""
        del context
        served = self._served(request.epoch)
        response = race_pb2.GetStageResponse(epoch=served.race.epoch)
        response.setup.CopyFrom(served.race.setup)
        response.setup.ClearField("assignments")
        return response

    async def ListRaceEvents(
        self, request: race_pb2.ListRaceEventsRequest, context: grpc.aio.ServicerContext
    ) -> race_pb2.ListRaceEventsResponse:
        """What happened, oldest first."""
        del context
        served = self._served(request.epoch)
        events, token = paginate(
            served.race.events,
            request.page_size,
            request.page_token,
            default=EVENT_PAGE,
            most=MOST_EVENT_PAGE,
            scope=f"events {served.race.epoch}",
        )
        return race_pb2.ListRaceEventsResponse(events=events, next_page_token=token)

    def _served(self, epoch: int) -> Served:
        """The race asked for, with its set-up. Raises Failure."""
        served = self._consumer.served.get(epoch) if epoch else self._consumer.live
        if served is not None and served.race.engine is not None:
            return served
        if epoch:
            raise self._unknown(epoch)
        raise Failure(Reason.ERROR_REASON_NO_ACTIVE_STAGE, "no stage is live", retry_after_ms=SOON_MS)

    def _later(self, epoch: int) -> Served | None:
        """The race to watch for one who has seen this epoch: the live one, unless theirs is newer."""
        live = self._consumer.live
        if live is not None and live.race.epoch >= epoch:
            return live
        return self._consumer.served.get(epoch)

    def _unknown(self, epoch: int) -> Failure:
        return Failure(
            Reason.ERROR_REASON_EPOCH_UNKNOWN,
            f"no log {epoch} is served here",
            retry_after_ms=SOON_MS,
            epoch=epoch,
        )

    def _heartbeat(self, served: Served, sequence: int) -> race_pb2.WatchSnapshotsResponse:
        race = served.race
        return race_pb2.WatchSnapshotsResponse(
            resume=common_pb2.ResumeToken(epoch=race.epoch, sequence=sequence),
            heartbeat=race_pb2.WatchHeartbeat(
                position=common_pb2.ResumeToken(epoch=race.epoch, sequence=race.sequence),
                log_time_ms=race.engine.log_time_ms if race.engine else 0,
            ),
        )


def _require_between(first_cm: int, at_cm: int, last_cm: int) -> None:
    """Raises Failure for a distance outside."""
    if not first_cm <= at_cm <= last_cm:
        raise Failure(
            Reason.ERROR_REASON_FIELD_INVALID,
            f"the road goes from {first_cm} to {last_cm} cm",
            field="distance_cm",
        )
