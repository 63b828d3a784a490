"""Writes the derived race into the database: every epoch that has a log here. `run` is the service."""

import asyncio
import time

import nats.errors
import structlog
from grpc_health.v1 import health_pb2
from nats.js.errors import APIError

from ardoise.chassis.lifecycle import Service
from ardoise.chassis.log import LogReader
from ardoise.chassis.store import Store
from ardoise.positioning.checkpoints import Checkpoints
from ardoise.positioning.epoch_recorder import EpochRecorder
from ardoise.positioning.settings import RecorderSettings
from ardoise.positioning.store import RaceStore
from ardoise.positioning.store_watch import StoreWatch

MOST_AT_ONCE = 3
"""The live stage and tomorrow's; of the others, one after another."""
LOOK_EVERY_S = 1.0
IDLE_S = 30.0
"""A log that has brought nothing for so long is over; it is taken up again when it grows."""

_log = structlog.get_logger(__name__)


async def run(settings: RecorderSettings) -> None:
    """Runs the recorder until it is told to stop."""
    async with Service("recorder", settings) as service:
        store = RaceStore(Store(settings.database_url, "recorder"))
        service.on_drain("store", store.close)
        checkpoints = Checkpoints(settings.state_dir / settings.site / "recorder")
        await service.serve_rpc()
        watch = StoreWatch()
        recorder = Recorder(LogReader(await service.bus()), store, checkpoints, watch)
        service.spawn("recorder", recorder.run())
        service.spawn("health", _report_health(service, watch))
        await service.run()


async def _report_health(service: Service, watch: StoreWatch) -> None:
    """The service "database" in gRPC's health protocol: whether the database takes rows."""
    serving, not_serving = (
        health_pb2.HealthCheckResponse.SERVING,
        health_pb2.HealthCheckResponse.NOT_SERVING,
    )
    while True:
        said = watch.available
        await service.rpc.health.set("database", serving if said else not_serving)
        while watch.available == said:
            await watch.changed()


class Recorder:
    """Records every epoch that has a log here and more in it than the database has."""

    def __init__(
        self, reader: LogReader, store: RaceStore, checkpoints: Checkpoints, watch: StoreWatch
    ) -> None:
        self._reader, self._store, self._checkpoints = reader, store, checkpoints
        self._watch = watch
        self._running: dict[int, tuple[EpochRecorder, asyncio.Task]] = {}
        self._seen: dict[int, tuple[int, float]] = {}
        """By epoch: the end of its log, and when it was first seen there."""
        self._recorded: dict[int, int] = {}
        """Epochs that are written down whole, up to this end of their logs."""

    async def run(self) -> None:
        """Records for ever. Raises what the recording of an epoch failed with."""
        kind = await self._watch.until_available(self._store.prepare)
        _log.info("recorder_ready", database=kind.value)
        try:
            while True:
                try:
                    await self._look()
                except (nats.errors.Error, APIError, TimeoutError) as error:
                    _log.warning("epochs_unknown", error=repr(error))
                for _, task in self._running.values():
                    if task.done():
                        task.result()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for _, task in self._running.values():
                task.cancel()
            await asyncio.gather(*(task for _, task in self._running.values()), return_exceptions=True)

    async def _look(self) -> None:
        epochs = await self._reader.epochs()
        now = time.monotonic()
        for epoch in reversed(epochs):
            last = await self._reader.last_sequence(epoch)
            seen, since = self._seen.get(epoch, (-1, now))
            if seen != last:
                seen, since = self._seen[epoch] = (last, now)
            if epoch in self._running:
                recorder, task = self._running[epoch]
                if now - since > IDLE_S and recorder.written >= last:
                    task.cancel()
                    del self._running[epoch]
                    self._recorded[epoch] = last
            elif self._recorded.get(epoch) != last and len(self._running) < MOST_AT_ONCE:
                recorder = EpochRecorder(self._reader, self._store, self._checkpoints, self._watch, epoch)
                task = asyncio.create_task(recorder.run(), name=f"record {epoch}")
                self._running[epoch] = (recorder, task)
        await asyncio.to_thread(self._checkpoints.retain, set(epochs))
