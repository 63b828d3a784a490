"""A platform as its sites describe it, and an operator that looks at it: what decisions are tried on."""

from dataclasses import dataclass, field, replace

from ardoise.pb.sites_pb2 import DatabaseRole, SiteReport, SitesStatus
from ardoise.sites.operations.decide import decide
from ardoise.sites.operations.record import Operation, Record, Wish
from ardoise.sites.operations.situation import Answer, Limits, Mode, Situation, Verdict

from tests.unit.sites.test_status import PRIMARY, STANDBY, SYNCHRONOUS, report, status_of

FIRST = Wish("as-installed", "amsterdam")
TO_LONDON = Wish("to-london", "london")
OTHER = {"amsterdam": "london", "london": "amsterdam"}
STARTED_MS = 1_783_000_000_000
HOUR_MS = 3_600_000


@dataclass
class Platform:
    """Two regions and the truck; `primary` empty: nobody is."""

    primary: str = "amsterdam"
    timeline: int = 1
    synchronous: bool = True
    """Whether the other one has every decision."""
    silent: frozenset[str] = frozenset()
    """Regions that do not answer."""
    pause: tuple[int, int] | None = None
    """From when to when nothing was written, as the databases have it."""
    log_last: int = 100
    watermarks: dict[str, int] = field(default_factory=lambda: {"amsterdam": 95, "london": 90})

    def status(self, seen_from: str = "london") -> SitesStatus:
        """As this site's `sites` has it."""
        reports = [report("truck", self.log_last)]
        reports += [self._region(region) for region in OTHER if region not in self.silent]
        return status_of(reports, seen_from)

    def _region(self, region: str) -> SiteReport:
        role: DatabaseRole = STANDBY
        if region == self.primary:
            role = PRIMARY
        elif self.synchronous and self.primary:
            role = SYNCHRONOUS
        found = report(region, self.log_last - 2, role, self.watermarks[region])
        found.database.timeline = self.timeline
        if self.pause is not None:
            found.watermarks.pause.from_ms, found.watermarks.pause.to_ms = self.pause
        return found

    def promote(self, region: str) -> None:
        """As Patroni does: on a timeline of its own; the other follows later."""
        self.primary, self.timeline, self.synchronous = region, self.timeline + 1, False


@dataclass
class Operator:
    """Looks once a call; remembers as etcd would."""

    wish: Wish | None = FIRST
    record: Record = field(default_factory=Record)
    mode: Mode = Mode.AUTOMATIC
    limits: Limits = field(default_factory=Limits)
    now_ms: int = STARTED_MS
    ready: Verdict | None = None
    led: SitesStatus | None = None

    def look(self, platform: Platform, **known: object) -> Operation | None:
        """`known`: well_for_s, answer, refused. Returns what runs then."""
        status = platform.status()
        situation = Situation(
            status, self.wish, self.record, self.now_ms, self.mode, self.limits, led=self.led, **known
        )
        if platform.primary == self.record.primary and platform.primary not in platform.silent:
            self.led = status
        self.record, self.ready = decide(situation)
        return self.record.operation

    def later(self, ms: int) -> None:
        """The clock goes on."""
        self.now_ms += ms

    def restarted(self) -> "Operator":
        """Another process, which knows what stands in etcd."""
        return replace(self, led=None, ready=None)


def answered(operation: Operation, **told: object) -> Answer:
    """To its side effect."""
    return Answer(operation.id, str(told.pop("message", "done")), **told)
