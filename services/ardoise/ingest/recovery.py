"""What ingest finds when it starts: logs to go on with, and logs that are not what was acknowledged any more.

A broken log is never written again. Another epoch takes its place before anything is acknowledged; its first message
names what no copy has, and set-up, decisions and weather are carried over from whichever copy has them.
"""

import asyncio
import contextlib
from collections.abc import Iterable

import structlog
from nats.js.errors import NotFoundError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogReader, stream_of
from ardoise.chassis.mirror import created_of
from ardoise.ingest.copies import FAILURES, Copies
from ardoise.ingest.domain.continuity import Break, broken
from ardoise.ingest.high_water import HighWaterMarks
from ardoise.ingest.writer import Epoch, LogBroken, LogWriter
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.control_pb2 import Decision, RecordedDecision, RecordWeatherResponse
from ardoise.pb.log_pb2 import EpochCause, LogRecord, LostInterval
from ardoise.pb.weather_pb2 import WeatherReport

COMPARE_EVERY_S = 1.0

_log = structlog.get_logger(__name__)


class Recovery:
    """recover() before anything else; compare_forever() for the regions that could not be asked then."""

    def __init__(self, bus: Bus, marks: HighWaterMarks, copies: Copies, writer: LogWriter) -> None:
        self._bus, self._marks, self._copies, self._writer = bus, marks, copies, writer
        self._reader = LogReader(bus)

    async def recover(self) -> None:
        """Takes up the logs that are whole, and opens a successor for each that is not."""
        epochs = await self._reader.epochs()
        succeeded = await self._succeeded(epochs)
        for epoch in epochs:
            if epoch not in succeeded:
                await self._read(epoch)
        for epoch in succeeded:
            self._marks.retire(epoch)
        breaks = await self._breaks()
        if self._copies.unknown:
            _log.warning("mirrors_not_compared", regions=self._copies.unknown)
            await self._keep_seams(set(self._marks.epochs()) - set(breaks))
        for epoch, found in breaks.items():
            await self._succeed(epoch, found)
        self._writer.begin()

    async def compare_forever(self) -> None:
        """Raises LogBroken where a region that answers only now has what was lost here before this start."""
        while True:
            await asyncio.sleep(COMPARE_EVERY_S)
            if not self._copies.unknown:
                continue
            try:
                breaks = await self._breaks()
            except FAILURES as error:
                _log.info("mirrors_not_compared", error=repr(error))
                continue
            for epoch, found in breaks.items():
                raise LogBroken(f"log {epoch}: {found.reason}")

    async def _breaks(self) -> dict[int, Break]:
        """Of the epochs that have a mark. The order of the questions: whole logs only grow meanwhile."""
        epochs = self._marks.epochs()
        seams = {epoch: self._marks.seams(epoch) for epoch in epochs}
        mirrors = await self._copies.of_unknown(await self._copies.own(epochs), seams)
        marks = {epoch: self._marks.read(epoch) for epoch in epochs}
        own = await self._copies.own(epochs)
        self._copies.compared.update(mirrors)
        if mirrors:
            _log.info("mirrors_compared", regions=sorted(mirrors))
        found = {}
        for epoch, mark in marks.items():
            there = {region: held[epoch] for region, held in mirrors.items() if epoch in held}
            if (wrong := broken(mark, own[epoch], there)) is not None:
                found[epoch] = wrong
            elif not self._copies.unknown:
                self._marks.forget_seams(epoch)
        return found

    async def _keep_seams(self, epochs: Iterable[int]) -> None:
        """What is written behind the end of a log may stand there already, in a region that could not be asked."""
        for epoch, held in (await self._copies.own(epochs)).items():
            assert held is not None  # else the log is broken
            self._marks.keep_seam(epoch, held.last + 1)

    async def _succeeded(self, epochs: Iterable[int]) -> set[int]:
        """Logs that another has taken over from: they stay as broken as they were found."""
        found = set()
        for epoch in epochs:
            with contextlib.suppress(NotFoundError):
                first = (await self._reader.get(epoch, 1)).record
                if first is not None and first.epoch_opened.cause == EpochCause.EPOCH_CAUSE_LOSS:
                    found.add(first.epoch_opened.previous.epoch)
        return found

    async def _read(self, epoch: int) -> None:
        """What ingest must know of a log that is there: set-up, decisions, weather, activation, its newest time."""
        try:
            second = (await self._reader.get(epoch, 2)).record
        except NotFoundError:
            second = None
        if second is None or second.WhichOneof("body") != "stage_setup":
            # Killed between making the stream and writing its set-up: nobody was told of this epoch. Or it has a mark.
            _log.warning("epoch_without_setup", epoch=epoch)
            return
        info = await self._bus.js.stream_info(stream_of(epoch))
        entry = Epoch(epoch, second.stage_setup, created_of(info))
        for found in await self._reader.by_subject(epoch, f"log.{epoch}.decision"):
            position = ResumeToken(epoch=epoch, sequence=found.sequence)
            entry.decisions.add(RecordedDecision(decision=found.record.decision, position=position))
        for found in await self._reader.by_subject(epoch, f"log.{epoch}.weather"):
            report, position = found.record.weather, ResumeToken(epoch=epoch, sequence=found.sequence)
            entry.weather[report.report_id] = RecordWeatherResponse(report=report, position=position)
        for found in await self._reader.by_subject(epoch, f"log.{epoch}.activated"):
            entry.activated_ms = found.record.epoch_activated.activated_ms
        newest = (await self._reader.get(epoch, info.state.last_seq)).record
        entry.log_time_ms = newest.log_time_ms if newest else 0
        entry.know_trackers()
        self._writer.adopt(entry, info.state.last_seq)

    async def _succeed(self, epoch: int, found: Break) -> None:
        """Opens the successor of a log that cannot go on, says what is gone, and carries over what people told it."""
        self._writer.epochs.pop(epoch, None)
        lost = None
        if found.lost is not None:
            lost = LostInterval(epoch=epoch, first_sequence=found.lost[0], last_sequence=found.lost[1])
        _log.error("log_broken", epoch=epoch, reason=found.reason, kept=found.kept, lost=found.lost)
        decisions, reports, activated = await self._told(epoch)
        entry = await self._writer.open_epoch(
            self._marks.set_up(epoch),
            cause=EpochCause.EPOCH_CAUSE_LOSS,
            previous=ResumeToken(epoch=epoch, sequence=found.kept),
            lost=lost,
        )
        for decision in decisions:
            sequence = await self._writer.append(entry, "decision", LogRecord(decision=decision))
            position = ResumeToken(epoch=entry.epoch, sequence=sequence)
            entry.decisions.add(RecordedDecision(decision=decision, position=position))
        entry.know_trackers()
        for report in reports:
            await self._writer.report(entry, report)
        if activated:
            await self._writer.activate(entry)
        self._marks.retire(epoch)

    async def _told(self, epoch: int) -> tuple[list[Decision], list[WeatherReport], bool]:
        """Every decision and weather report that any copy has, and whether the epoch was activated.

        It was where no copy can say.
        """
        decisions: dict[str, Decision] = {}
        reports: dict[str, WeatherReport] = {}
        activated: list[bool] = []
        for reader in (*self._copies.readers(), self._reader):
            try:
                for found in await reader.by_subject(epoch, f"log.{epoch}.decision"):
                    decisions.setdefault(found.record.decision.decision_id, found.record.decision)
                for found in await reader.by_subject(epoch, f"log.{epoch}.weather"):
                    reports.setdefault(found.record.weather.report_id, found.record.weather)
                # An empty copy, or another log's, cannot say that it was not.
                if await reader.by_subject(epoch, f"log.{epoch}.setup"):
                    activated.append(bool(await reader.by_subject(epoch, f"log.{epoch}.activated")))
            except FAILURES as error:
                _log.warning("copy_not_read", epoch=epoch, error=repr(error))
        return list(decisions.values()), list(reports.values()), any(activated) or not activated
