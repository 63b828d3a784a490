"""Figures and timeline of a drill, from what its probes saw and from what was read back. Pure."""

from collections import Counter
from collections.abc import Iterable

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import History, Kind, Role
from ardoise.rehearsal.drills.invariants.alone import caught_up
from ardoise.rehearsal.drills.invariants.pace import (
    blind_s,
    latency_s,
    picture_interrupted_s,
    shown_seconds,
    writes_interrupted_s,
)
from ardoise.rehearsal.drills.invariants.truth import lost_fixes
from ardoise.rehearsal.drills.replay import replayed
from ardoise.rehearsal.drills.report.model import CaughtUp, EventLine, Figures, Fixes, Span, Timeline
from ardoise.rehearsal.drills.scenario import REGIONS, Cast, Place


def figures(history: History, evidence: Evidence | None, cast: Cast, link_kbit: int = 0) -> Figures:
    """Without evidence: what the probes alone know. `link_kbit`: what regions caught up over, where it is known."""
    p50_s, p99_s = latency_s(history, 50), latency_s(history, 99)
    return Figures(
        writes_interrupted_s=_rounded(writes_interrupted_s(history)),
        picture_interrupted_s={
            site: _rounded(picture_interrupted_s(shown_seconds(history, site), history.ended_s))
            for site in cast.values()
        },
        not_looking_s=round(blind_s(history, 0.0, history.ended_s), 2),
        acknowledged_p50_ms=_rounded(p50_s and p50_s * 1000),
        acknowledged_p99_ms=_rounded(p99_s and p99_s * 1000),
        frames=len({one.frame for one in history.acknowledged}),
        fixes=_fixes(history, evidence),
        decisions=dict(Counter(one.outcome.value for one in history.decisions)),
        replayed_times=_rounded(replayed(history.of(history.epoch)).times),
        caught_up=_caught_up(history, cast, link_kbit) if link_kbit else {},
    )


def timeline(history: History, cast: Cast) -> Timeline:
    """What the picture is drawn from, thinned to seconds."""
    servers = dict.fromkeys(one.site for one in history.database)
    return Timeline(
        roles={
            site: _spans(
                (one.at_s, one.role if one.timeline is None else f"{one.role} on {one.timeline}")
                for one in history.database
                if one.site == site
            )
            for site in servers
        },
        screens={
            site: _spans((one.at_s, one.words) for one in history.screens if one.site == site)
            for site in cast.values()
        },
        positions={
            site: _each_second((one.at_s, one.last_sequence) for one in history.positions if one.site == site)
            for site in cast.values()
        },
        watermark=_each_second(
            (one.at_s, one.watermark) for one in history.database if one.role is Role.PRIMARY
        ),
        acknowledged=_acknowledged(history),
        decisions=[(round(one.ended_s, 2), one.outcome.value) for one in history.decisions],
    )


def event_lines(history: History) -> list[EventLine]:
    """What the drill did, in order."""
    return [
        EventLine(at_s=round(event.at_s, 2), kind=event.kind, text=event.text) for event in history.events
    ]


def _fixes(history: History, evidence: Evidence | None) -> Fixes:
    acknowledged = {fix for one in history.acknowledged for fix in one.fixes}
    if evidence is None:
        return Fixes(acknowledged=len(acknowledged))
    stored = {fix for one in evidence.every for fix in one.written.fixes}
    return Fixes(
        acknowledged=len(acknowledged),
        stored=len(acknowledged & stored),
        replayed=sum(_replayed_rows(history, one) for one in evidence.every),
        lost=len(lost_fixes(history, evidence)),
        doubled=sum(count > 1 for one in evidence.every for count in one.written.fixes.values()),
    )


def _replayed_rows(history: History, evidence: Evidence) -> int:
    rows = evidence.written.frames
    again = replayed(history.of(evidence.epoch))
    return sum(rows[sequence].rows for sequence in again.sequences if sequence in rows)


def _caught_up(history: History, cast: Cast, link_kbit: int) -> dict[str, CaughtUp]:
    measured = {}
    for site in (cast[place] for place in REGIONS):
        found = caught_up(history, site, cast[Place.TRUCK], link_kbit)
        if found is None:
            continue
        changes = (one.at_s for one in history.events if one.kind in (Kind.FAULT, Kind.MENDED))
        mended_s = max((at_s for at_s in changes if at_s < found.from_s), default=0.0)
        measured[site] = CaughtUp(
            after_s=round(found.from_s - mended_s, 2),
            lasted_s=round(found.to_s - found.from_s, 2),
            mirror_kbit=round(found.mirror_kbit),
            live_kbit=round(found.live_kbit),
            link_kbit=link_kbit,
            share=round(found.share, 3),
        )
    return measured


def _acknowledged(history: History) -> list[tuple[float, int, float]]:
    by_second: dict[int, list[float]] = {}
    for one in history.acknowledged:
        by_second.setdefault(int(one.at_s), []).append(one.latency_s)
    return [
        (float(second), len(found), round(max(found) * 1000, 1))
        for second, found in sorted(by_second.items())
    ]


def _spans(seen: Iterable[tuple[float, str]]) -> list[Span]:
    spans: list[Span] = []
    for at_s, what in seen:
        at_s = round(at_s, 2)
        if spans and spans[-1].what == what:
            spans[-1] = Span(from_s=spans[-1].from_s, to_s=at_s, what=what)
        else:
            if spans:
                spans[-1] = Span(from_s=spans[-1].from_s, to_s=at_s, what=spans[-1].what)
            spans.append(Span(from_s=at_s, to_s=at_s, what=str(what)))
    return spans


def _each_second(seen: Iterable[tuple[float, int | None]]) -> list[tuple[float, int]]:
    last: dict[int, tuple[float, int]] = {}
    for at_s, value in seen:
        if value is not None:
            last[int(at_s)] = (round(at_s, 2), value)
    return list(last.values())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
