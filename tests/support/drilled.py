"""A drill that held, made up: history and evidence that agree. A test doctors one thing and sees it found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from ardoise.rehearsal.drills.evidence import (
    Counted,
    Evidence,
    FrameRow,
    Message,
    Server,
    SetAside,
    Written,
)
from ardoise.rehearsal.drills.history import (
    Acknowledged,
    DatabaseSeen,
    Decision,
    DigestSeen,
    Event,
    History,
    InRegion,
    Kind,
    Outcome,
    PositionSeen,
    Role,
    ScreenSeen,
    Words,
)
from ardoise.rehearsal.drills.invariants import CHECKS, judge
from ardoise.rehearsal.drills.invariants.finding import Finding
from ardoise.rehearsal.drills.report.measure import event_lines, figures, timeline
from ardoise.rehearsal.drills.report.model import Report, Verdict
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Place, Promise
from ardoise.rehearsal.drills.scenarios import SCENARIOS

EPOCH = 1_795_000_000_000
RELAY, BOOT = "moto-1", 7
CAST: Cast = {Place.TRUCK: "truck", Place.PRIMARY: "amsterdam", Place.STANDBY: "london"}
REGIONS = ("amsterdam", "london")
SECONDS = 40
ALONE = frozenset({"amsterdam-alone-1", "amsterdam-alone-2"})
"""Rows that only Amsterdam had when it was lost, beside the last frame that it wrote down."""
LOST_S, PROMOTED_S = 10.0, 29.0
"""Amsterdam is lost, London is primary on timeline 2."""
FIRST_MS = EPOCH + 5_000
TRACKERS = (9001, 9002)
SCENARIO = SCENARIOS["region-lost"]


def acknowledged(second: int) -> Acknowledged:
    """One frame a second, of two fixes, at every other sequence."""
    fixes = tuple((tracker, FIRST_MS + second * 1000) for tracker in TRACKERS)
    at_s = second + 0.1
    return Acknowledged(at_s, 0.004, (RELAY, BOOT, second + 1), EPOCH, sequence_of(second), fixes)


def sequence_of(second: int) -> int:
    return 2 * second + 2


def history() -> History:
    """Amsterdam lost at LOST_S, London taking over at PROMOTED_S."""
    made = History(epoch=EPOCH, origin_utc_ms=FIRST_MS, origin_monotonic_s=0.0)
    made.alone += sorted(ALONE)
    made.events += [
        Event(2.0, Kind.REACHED, "everything flows"),
        Event(LOST_S, Kind.FAULT, "amsterdam: kill everything"),
        Event(PROMOTED_S + 0.2, Kind.REACHED, "the standby's database takes decisions"),
        Event(33.0, Kind.MENDED, "amsterdam: restore everything"),
    ]
    for second in range(SECONDS):
        one = acknowledged(second)
        made.acknowledged.append(one)
        made.in_region.append(InRegion(one.at_s + 0.3, EPOCH, one.sequence))
        _see(made, second)
    made.ended_s = float(SECONDS)
    return made


def _see(made: History, second: int) -> None:
    at_s, tick_ms = second + 0.2, FIRST_MS + second * 1000
    away = LOST_S <= second < 34
    for site in CAST.values():
        if site == "amsterdam" and away:
            made.screens.append(ScreenSeen(at_s, site, EPOCH, 0, 0, Words.RECONNECTING))
            made.positions.append(PositionSeen(at_s, site, None))
            continue
        made.screens.append(ScreenSeen(at_s, site, EPOCH, tick_ms, 300, Words.LIVE))
        name = ("1", EPOCH, sequence_of(second))
        made.digests.append(DigestSeen(at_s, site, name, tick_ms, f"{second:032x}"))
        made.positions.append(PositionSeen(at_s, site, sequence_of(second)))
    leader = "amsterdam" if second < LOST_S else "london" if second >= PROMOTED_S else None
    for site in REGIONS:
        if site == "amsterdam" and away:
            made.database.append(DatabaseSeen(at_s, site, Role.AWAY))
            continue
        role = Role.PRIMARY if site == leader else Role.STANDBY
        watermark = 18 if LOST_S <= second < PROMOTED_S else sequence_of(second)
        made.database.append(
            DatabaseSeen(at_s, site, role, 1 if second < PROMOTED_S else 2, watermark, EPOCH)
        )
    if leader:
        made.decisions.append(decision(second, leader))


def decision(second: float, site: str, outcome: Outcome = Outcome.ACKNOWLEDGED) -> Decision:
    return Decision(
        f"{site}-{second}", site, second + 0.1, second + 0.2, outcome, 1 if second < PROMOTED_S else 2
    )


def evidence(of: History | None = None) -> Evidence:
    """What is read back after `history()`."""
    of = of or history()
    upto = sequence_of(SECONDS - 1)
    log = {sequence: Message(sequence.to_bytes(4)) for sequence in range(1, upto + 1)}
    for one in of.acknowledged:
        log[one.sequence] = Message(log[one.sequence].digest, one.frame)
    frames = {one.sequence: FrameRow(one.frame, 2, 2, 0) for one in of.acknowledged}
    return Evidence(
        upto=upto,
        log=log,
        mirrors={region: dict(log) for region in REGIONS},
        written=Written(
            watermark=upto,
            beyond_watermark={},
            frames=frames,
            set_aside=frozenset(),
            fixes={fix: 1 for one in of.acknowledged for fix in one.fixes},
            digests={sequence_of(second): f"{second:032x}" for second in range(SECONDS)},
            decisions={one.key: one.timeline for one in of.decisions if one.outcome is Outcome.ACKNOWLEDGED},
            race_decisions={},
        ),
        epoch=EPOCH,
        servers={
            region: Server(Role.PRIMARY if region == "london" else Role.STANDBY, 2) for region in REGIONS
        },
        set_aside={"amsterdam": [SetAside(1, ALONE, {"frame": Counted(1, 20, 20)})]},
    )


def rewritten(found: Evidence, **written: object) -> Evidence:
    """The same evidence with other tables."""
    return replace(found, written=replace(found.written, **written))


def report(of: History | None = None, found: Evidence | None = None) -> Report:
    """As the drill would report it."""
    of = of or history()
    found = found or evidence(of)
    findings = judge(SCENARIO, of, found, CAST)
    return Report(
        name=SCENARIO.name,
        numbers=SCENARIO.numbers,
        title=SCENARIO.title,
        purpose=SCENARIO.purpose,
        verdict=Verdict.HELD if all(one.holds for one in findings) else Verdict.FAILED,
        reasons=[],
        seed=1,
        began=datetime(2026, 11, 25, 10, 0, tzinfo=UTC),
        lasted_s=float(SECONDS),
        cast={place.value: site for place, site in CAST.items()},
        versions={"ardoise": "0.1.0"},
        findings=findings,
        figures=figures(of, found, CAST),
        events=event_lines(of),
        timeline=timeline(of, CAST),
    )


type Doctor = Callable[[History, Evidence], Evidence | None]


def checked(
    invariant: Invariant,
    doctor: Doctor = lambda _, __: None,
    promise: Promise = SCENARIO.promise,
) -> Finding:
    """One invariant over the drill that held, doctored."""
    seen, found = history(), evidence()
    return CHECKS[invariant](seen, doctor(seen, found) or found, promise, CAST)


def broken(invariant: Invariant, doctor: Doctor, *says: str, promise: Promise = SCENARIO.promise) -> None:
    finding = checked(invariant, doctor, promise)
    assert not finding.holds
    told = " | ".join(finding.against)
    assert all(part in told for part in says), told
