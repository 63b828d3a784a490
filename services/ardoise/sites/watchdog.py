"""Asks the truck and this region for every stream that is mirrored, says what it finds, and repairs what it may."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

import nats.errors
import structlog
from google.protobuf.message import DecodeError
from nats.js import JetStreamContext
from nats.js.api import StreamInfo
from nats.js.errors import APIError, NotFoundError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import STREAM_PREFIX
from ardoise.chassis.mirror import created_of, digest_of, made_from, mirror_config
from ardoise.chassis.newest import Newest
from ardoise.chassis.telemetry import counter, gauge
from ardoise.pb.log_pb2 import EpochCause, EpochOpened, LogRecord
from ardoise.sites.mirror_aside import copies, set_aside
from ardoise.sites.mirrors import (
    WELL,
    Finding,
    MirrorState,
    Observation,
    Repair,
    StreamSeen,
    decide,
    unknown,
)
from ardoise.sites.stagger import Elsewhere, staggered

LOOK_EVERY_S = 2.0
# Several round trips over a link of 500 ms that loses packets; a truck that takes longer is unknown in this look.
ASK_LIMIT_S = 5.0
SAMPLE_EVERY_S = 5.0
# The logs of stages that are over: three weeks of them every five seconds would fill a link of 256 kbit/s.
QUIET_SAMPLE_EVERY_S = 300.0
SAMPLES = 4
"""Sequences compared besides the first (which names the epoch) and the newest that both have."""

_log = structlog.get_logger(__name__)
_behind = gauge(
    "sites.mirror.behind", "1", "Messages that the truck has and this mirror has not; -1: unknown."
)
_healthy = gauge(
    "sites.mirror.healthy", "1", "1: following, or of a log that was given up; 0: another state; -1: unknown."
)
_repairs = counter("sites.mirror.repairs", "1", "Repairs made, by kind.")

_FAILURES = (nats.errors.Error, APIError, TimeoutError)


type Others = Callable[[str], Mapping[str, Elsewhere | None]]


@dataclass(frozen=True)
class MirrorReport:
    """The watchdog's newest findings, by stream."""

    region: str
    findings: dict[str, Finding]


@dataclass(frozen=True)
class Account:
    """One NATS account with streams to mirror. The teams' is compared without being read."""

    bus: Bus
    streams: frozenset[str] = frozenset()
    """Mirrored by their names."""
    logs: bool = False
    """Whether the epochs' logs are here too."""
    may_read: bool = False

    def mirrors(self, name: str) -> bool:
        """Whether this stream of the truck's is mirrored."""
        return name in self.streams or (self.logs and name.startswith(STREAM_PREFIX))


@dataclass(frozen=True)
class _Sample:
    """The last comparison of content."""

    pair: tuple[str, str]
    """Which mirror with which origin, by their creation."""
    mirror_last: int
    origin_last: int
    at_s: float
    differs_at: int
    unreadable: int
    """Messages that this mirror counts, and cannot read; the truck can."""


class Compared(Enum):
    """One sequence, here and at the truck."""

    SAME = auto()
    DIFFER = auto()
    ONLY_HERE = auto()
    ONLY_THERE = auto()
    """After a stop in good order a server still counts what it cannot read any more (nats-server 2.15)."""


class MirrorWatch:
    """One account's mirrors at this region. `seed` is the sampling's."""

    def __init__(self, account: Account, region: str, edge: str, others: Others, *, seed: int) -> None:
        self._account = account
        self._region, self._edge = region, edge
        self._others = others
        self._near = account.bus.nc.jetstream(timeout=ASK_LIMIT_S)
        self._far = account.bus.nc.jetstream(domain=edge, timeout=ASK_LIMIT_S)
        self._draw = random.Random(seed)
        self._samples: dict[str, _Sample] = {}
        self._begun: dict[str, int] = {}
        """By log: the epoch that its first message says was given up for it; 0: none."""
        self.findings: dict[str, Finding] = {}

    async def look(self) -> None:
        """One look at everything; `findings` is replaced, never changed."""
        now_s = time.monotonic()
        # The mirrors first: what the truck writes meanwhile must not make a mirror look ahead.
        try:
            near = await streams_of(self._near)
        except _FAILURES as error:
            self._say(
                {name: unknown(name, f"no answer here: {error!r}", None, now_s) for name in self.findings}
            )
            return
        try:
            far = await streams_of(self._far)
        except _FAILURES as error:
            why = f"the truck does not answer: {error!r}"
            names = self.findings.keys() | set(filter(self._account.mirrors, near))
            ends = {name: near[name].state.last_seq if name in near else None for name in names}
            self._say({name: unknown(name, why, last, now_s) for name, last in ends.items()})
            return
        found = {}
        # Those that are gone on both sides too: that is said.
        for name in sorted(filter(self._account.mirrors, near.keys() | far.keys() | self.findings.keys())):
            if finding := await self._judge(name, near, far):
                found[name] = finding
        self._say(found)

    async def _judge(
        self, name: str, near: dict[str, StreamInfo], far: dict[str, StreamInfo]
    ) -> Finding | None:
        before, now_s = self.findings.get(name), time.monotonic()
        is_log = name.startswith(STREAM_PREFIX)
        try:
            differs_at, unreadable = await self._sampled(name, near.get(name), far.get(name))
            if is_log:
                await self._read_beginning(name, near.get(name))
        except _FAILURES as error:
            last = near[name].state.last_seq
            return unknown(name, f"its content cannot be read: {error!r}", last, now_s)
        seen = Observation(
            mirror=_seen(near.get(name), self._edge, unreadable),
            origin=_seen(far.get(name), self._edge),
            differs_at=differs_at,
            compared=self._account.may_read,
            aside=len(copies(name, near)),
            successor=self._successor(name),
        )
        finding = decide(name, seen, before, now_s, is_log=is_log)
        if finding is not None and is_log:
            finding = staggered(finding, self._region, self._others(name), now_s, aside=seen.aside)
        if finding is None or finding.repair is Repair.NONE:
            return finding
        try:
            if await self._repair(finding, far[name], near):
                _repairs.add(1, {"kind": finding.repair})
                _log.warning("mirror_repaired", stream=name, repair=finding.repair, reason=finding.reason)
                # It has had no time to move yet.
                return replace(finding, moved_s=time.monotonic())
        except _FAILURES as error:
            _log.warning("mirror_not_repaired", stream=name, repair=finding.repair, error=repr(error))
        return finding

    async def _repair(self, finding: Finding, origin: StreamInfo, near: dict[str, StreamInfo]) -> bool:
        """Whether it is done; setting aside takes several looks."""
        name = finding.stream
        if finding.repair is Repair.SET_ASIDE and not await set_aside(self._near, name, near):
            return False
        if name in near:
            # Asked again, so that the truck is there now and still has it: it is the only copy for a moment.
            again = await self._far.stream_info(name)
            if (created_of(again), again.state.first_seq) != (created_of(origin), origin.state.first_seq):
                _log.warning("mirror_repair_waits", stream=name, why="the truck's changed meanwhile")
                return False
            await self._near.delete_stream(name)
        await self._near.add_stream(mirror_config(origin, self._edge))
        return True

    async def _sampled(
        self, name: str, mirror: StreamInfo | None, origin: StreamInfo | None
    ) -> tuple[int, int]:
        """A sequence whose content differs, 0 where none is known; and how many this mirror counts and cannot read.

        What was found stays found until repaired.
        """
        if mirror is None or origin is None or not self._account.may_read:
            return 0, 0
        pair = (created_of(mirror), created_of(origin))
        last = self._samples.get(name)
        if last is not None and last.pair == pair:
            here, there = mirror.state.last_seq, origin.state.last_seq
            every_s = QUIET_SAMPLE_EVERY_S if there == last.origin_last else SAMPLE_EVERY_S
            # A mirror that stands still may be thrown away: look at it each time.
            stands = here < there and here == last.mirror_last
            found = last.differs_at or last.unreadable
            if found or (time.monotonic() - last.at_s < every_s and not stands):
                return last.differs_at, last.unreadable
        first = max(mirror.state.first_seq, origin.state.first_seq, 1)
        end = min(mirror.state.last_seq, origin.state.last_seq)
        chosen = sorted(
            {first, end, *(self._draw.randint(first, end) for _ in range(SAMPLES))} if first <= end else ()
        )
        compared = await asyncio.gather(*(self._compare(name, sequence) for sequence in chosen))
        # Of a log with holes of its own the counts say so; one that is whole by its count has every message.
        whole = name.startswith(STREAM_PREFIX) and not (mirror.state.num_deleted or origin.state.num_deleted)
        wrong = {Compared.DIFFER, *({Compared.ONLY_HERE} if whole else ())}
        differs_at = next((at for at, one in zip(chosen, compared, strict=True) if one in wrong), 0)
        unreadable = compared.count(Compared.ONLY_THERE) if whole else 0
        self._samples[name] = _Sample(
            pair,
            mirror.state.last_seq,
            origin.state.last_seq,
            time.monotonic(),
            differs_at,
            unreadable,
        )
        return differs_at, unreadable

    async def _read_beginning(self, name: str, mirror: StreamInfo | None) -> None:
        if name in self._begun or mirror is None or mirror.state.first_seq != 1 or not mirror.state.messages:
            return
        content = (await self._near.get_msg(name, seq=1)).data or b""
        try:
            opened = LogRecord.FromString(content).epoch_opened
        except DecodeError:
            # Whatever stands there, it gave no other log up.
            opened = EpochOpened()
        gave_up = opened.cause == EpochCause.EPOCH_CAUSE_LOSS
        self._begun[name] = opened.previous.epoch if gave_up else 0

    def _successor(self, name: str) -> int:
        mine = [log for log, given_up in self._begun.items() if f"{STREAM_PREFIX}{given_up}" == name]
        return max((int(log.removeprefix(STREAM_PREFIX)) for log in mine), default=0)

    async def _compare(self, name: str, sequence: int) -> Compared:
        here, there = await asyncio.gather(
            _content_of(self._near, name, sequence), _content_of(self._far, name, sequence)
        )
        if here == there:
            return Compared.SAME
        if here is None:
            return Compared.ONLY_THERE
        return Compared.ONLY_HERE if there is None else Compared.DIFFER

    def _say(self, found: dict[str, Finding]) -> None:
        for name, finding in found.items():
            known = finding.behind is not None
            _behind.set(finding.behind if known else -1, {"stream": name})
            well = int(finding.state in WELL)
            _healthy.set(well if known or well else -1, {"stream": name})
            before = self.findings.get(name)
            if before is None or before.state is not finding.state:
                say = _log.info if well or finding.state is MirrorState.UNKNOWN else _log.warning
                say("mirror", stream=name, state=finding.state, behind=finding.behind, reason=finding.reason)
        self.findings = found


class Watchdog:
    """All mirrors of this region. `newest` holds the report of the last look."""

    def __init__(self, region: str, watches: list[MirrorWatch]) -> None:
        self._region = region
        self._watches = watches
        self.newest: Newest[MirrorReport] = Newest()

    async def run(self) -> None:
        """Looks for ever, every LOOK_EVERY_S."""
        while True:
            await asyncio.gather(*(watch.look() for watch in self._watches))
            findings = {name: found for watch in self._watches for name, found in watch.findings.items()}
            self.newest.set(MirrorReport(self._region, findings))
            await asyncio.sleep(LOOK_EVERY_S)


def region_watchdog(
    region: str, edge: str, race: Bus, teams: Bus, *, others: Others = lambda _: {}, seed: int
) -> Watchdog:
    """Everything that a region mirrors of the edge: the logs, what was refused, and the teams' log unread.

    `others`: what the other regions say of a log; without any, this region's copy is the only one but the truck's.
    """
    accounts = (
        Account(race, frozenset({"REFUSED"}), logs=True, may_read=True),
        Account(teams, frozenset({"BIOMETRIC"})),
    )
    return Watchdog(region, [MirrorWatch(account, region, edge, others, seed=seed) for account in accounts])


async def streams_of(context: JetStreamContext) -> dict[str, StreamInfo]:
    """Every stream of a JetStream domain, by name."""
    found: dict[str, StreamInfo] = {}
    while True:
        page = await context.streams_info_iterator(len(found))
        names = {info.config.name: info for info in page}
        found |= names
        if not names or len(found) >= page.total:
            return found


async def _content_of(context: JetStreamContext, name: str, sequence: int) -> bytes | None:
    """Its digest; None: it is not there, or cannot be read."""
    try:
        return digest_of(await context.get_msg(name, seq=sequence))
    except NotFoundError:
        return None


def _seen(info: StreamInfo | None, edge: str, unreadable: int = 0) -> StreamSeen | None:
    if info is None:
        return None
    state = info.state
    return StreamSeen(
        created=created_of(info),
        first=state.first_seq,
        last=state.last_seq,
        missing=(state.num_deleted or 0) + unreadable,
        size_bytes=state.bytes,
        made_from=made_from(info, edge),
    )
