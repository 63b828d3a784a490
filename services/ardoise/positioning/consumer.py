"""The logs of this site become races: each served epoch is followed by a task of its own."""

import asyncio
import time

import nats.errors
import numpy as np
import structlog
from nats.js.errors import APIError, NotFoundError

from ardoise.chassis.log import LogEntry, LogHole, LogReader
from ardoise.chassis.newest import Newest
from ardoise.chassis.telemetry import counter, gauge
from ardoise.positioning.checkpoints import Checkpoints
from ardoise.positioning.contract import oddity_proto
from ardoise.positioning.domain import Applied, Closed, Race
from ardoise.positioning.oddities import Oddities
from ardoise.race.stage import Verdict

NEWEST_EPOCHS = 2
"""Tomorrow's stage is prepared while today's is still served; the live one is served however old it is."""
EPOCHS_ASKED = 8
"""Among so many newest epochs the live one is looked for."""
LOOK_EVERY_S = 1.0
CHECKPOINT_EVERY_MS = 30_000
CHECKPOINT_PAUSE_S = 1.0
"""At least so long between two: at a hundred times the speed one would be due every third of a second."""
LONGEST_TURN_S = 0.02
"""After so much work at a stretch the others on this loop get their turn: replays, catching up."""
RETRY_S = 2.0

_log = structlog.get_logger(__name__)
_fixes = counter("positioning.fixes", "1", "Fixes applied, by verdict.")
_ticks = counter("positioning.ticks", "1", "Ticks closed.")
_set_aside = counter("positioning.records.set_aside", "1", "Records that the engine could not apply.")
_sequence = gauge("positioning.sequence", "1", "Last sequence applied, by epoch.")


class Served:
    """One epoch that is served here."""

    def __init__(self, race: Race) -> None:
        self.race = race
        self.newest: Newest[Closed] = Newest()
        if race.closed is not None:
            self.newest.set(race.closed)


class Consumer:
    """Follows the logs. `served` by epoch; `live` is the epoch that was activated last."""

    def __init__(self, reader: LogReader, checkpoints: Checkpoints, oddities: Oddities) -> None:
        self._reader, self._checkpoints, self._oddities = reader, checkpoints, oddities
        self.served: dict[int, Served] = {}
        self._tasks: dict[int, asyncio.Task] = {}
        self._activated_ms: dict[int, int] = {}

    @property
    def live(self) -> Served | None:
        """The race that relays feed, as far as its log has been read."""
        activated = [served for served in self.served.values() if served.race.activated_ms]
        return max(activated, key=lambda served: (served.race.activated_ms, served.race.epoch), default=None)

    async def run(self) -> None:
        """Looks for logs for ever, follows those to be served. Raises what a follower failed with."""
        try:
            while True:
                try:
                    await self._look()
                except (nats.errors.Error, APIError, TimeoutError) as error:
                    _log.warning("epochs_unknown", error=repr(error))
                if self._tasks:
                    done, _ = await asyncio.wait(self._tasks.values(), timeout=LOOK_EVERY_S)
                    for task in done:
                        if task in self._tasks.values():
                            task.result()
                await asyncio.sleep(LOOK_EVERY_S if not self._tasks else 0)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _look(self) -> None:
        """Serves the newest epochs and the live one, and no others."""
        epochs = (await self._reader.epochs())[-EPOCHS_ASKED:]
        wanted = set(epochs[-NEWEST_EPOCHS:])
        if len(epochs) > NEWEST_EPOCHS:
            for epoch in epochs:
                if epoch not in self._activated_ms or epoch in wanted:
                    self._activated_ms[epoch] = await self._activation(epoch)
            latest = max(epochs, key=lambda epoch: (self._activated_ms[epoch], epoch))
            if self._activated_ms[latest]:
                wanted.add(latest)
        for epoch in sorted(self.served.keys() - wanted):
            _log.info("epoch_retired", epoch=epoch)
            self._tasks.pop(epoch).cancel()
            del self.served[epoch]
        new = sorted(wanted - self.served.keys())
        for epoch in new:
            race = await asyncio.to_thread(self._restored, epoch)
            served = self.served[epoch] = Served(race)
            self._tasks[epoch] = asyncio.create_task(self._follow(served), name=f"follow {epoch}")
            _log.info("epoch_served", epoch=epoch, from_sequence=race.sequence)
        if new:
            await asyncio.to_thread(self._checkpoints.retain, wanted)

    async def _activation(self, epoch: int) -> int:
        entries = await self._reader.by_subject(epoch, f"log.{epoch}.activated")
        return max((entry.record.epoch_activated.activated_ms for entry in entries), default=0)

    def _restored(self, epoch: int) -> Race:
        return next(self._checkpoints.races(epoch), Race(epoch))

    async def _follow(self, served: Served) -> None:
        """Applies an epoch's log for ever. A log with a hole stands still: its race is not guessed on."""
        race = served.race
        saved_ms, saved_s = race.engine.log_time_ms if race.engine else 0, 0.0
        saving: asyncio.Task | None = None
        while True:
            try:
                async for batch in self._reader.follow(race.epoch, race.sequence):
                    began = time.monotonic()
                    for entry in batch:
                        self._apply(served, entry)
                        if time.monotonic() - began > LONGEST_TURN_S:
                            await asyncio.sleep(0)
                            began = time.monotonic()
                    _sequence.set(race.sequence, {"epoch": str(race.epoch)})
                    log_ms = race.engine.log_time_ms if race.engine else 0
                    idle = saving is None or saving.done()
                    due = log_ms - saved_ms >= CHECKPOINT_EVERY_MS
                    due = due and idle and time.monotonic() - saved_s >= CHECKPOINT_PAUSE_S
                    if due and (content := race.checkpoint()):
                        saved_ms, saved_s = log_ms, time.monotonic()
                        saving = asyncio.create_task(self._save(race.epoch, race.sequence, content))
            except (LogHole, NotFoundError) as error:
                _log.error("log_not_readable", epoch=race.epoch, after=race.sequence, error=repr(error))
            await asyncio.sleep(RETRY_S)

    def _apply(self, served: Served, entry: LogEntry) -> None:
        try:
            applied = served.race.apply(entry)
        except Exception:  # whatever a record does to the engine, the race behind it goes on
            _set_aside.add(1)
            _log.exception("record_set_aside", epoch=served.race.epoch, sequence=entry.sequence)
        else:
            self._publish(served, applied)

    def _publish(self, served: Served, applied: Applied) -> None:
        if applied.snapshot is not None:
            served.newest.set(served.race.closed)
            _ticks.add(1)
        if applied.judgement is not None:
            counts = np.bincount(applied.judgement.verdict)
            for verdict in np.flatnonzero(counts).tolist():
                _fixes.add(int(counts[verdict]), {"verdict": Verdict(verdict).name.lower()})
        if applied.oddities:
            self._oddities.add([oddity_proto(oddity, served.race.epoch) for oddity in applied.oddities])

    async def _save(self, epoch: int, sequence: int, content: bytes) -> None:
        try:
            await asyncio.to_thread(self._checkpoints.save, epoch, sequence, content)
        except OSError as error:
            # The race goes on without: a restart then reads more of the log.
            _log.error("checkpoint_not_saved", epoch=epoch, sequence=sequence, error=repr(error))
