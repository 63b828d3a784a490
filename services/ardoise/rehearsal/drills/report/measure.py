"""Figures and timeline of a drill, from what its probes saw and from what was read back. Pure."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import History, Role
from ardoise.rehearsal.drills.invariants.pace import (
    latency_s,
    picture_interrupted_s,
    shown_seconds,
    writes_interrupted_s,
)
from ardoise.rehearsal.drills.invariants.truth import lost_fixes
from ardoise.rehearsal.drills.report.model import EventLine, Figures, Fixes, Span, Timeline
from ardoise.rehearsal.drills.scenario import Cast


def figures(history: History, evidence: Evidence | None, cast: Cast) -> Figures:
    """Without evidence: what the probes alone know."""
    p50_s, p99_s = latency_s(history, 50), latency_s(history, 99)
    return Figures(
        writes_interrupted_s=_rounded(writes_interrupted_s(history)),
        picture_interrupted_s={
            site: _rounded(picture_interrupted_s(shown_seconds(history, site), history.ended_s))
            for site in cast.values()
        },
        acknowledged_p50_ms=_rounded(p50_s and p50_s * 1000),
        acknowledged_p99_ms=_rounded(p99_s and p99_s * 1000),
        frames=len({one.frame for one in history.acknowledged}),
        fixes=_fixes(history, evidence),
        decisions=dict(Counter(one.outcome.value for one in history.decisions)),
    )


def replayed(history: History) -> list[tuple[int, int]]:
    """Sequences that a new primary wrote again: from past its own watermark up to the old one's, both included."""
    seen = [one for one in history.database if one.role is Role.PRIMARY and one.watermark is not None]
    return [
        (later.watermark + 1, earlier.watermark)
        for earlier, later in pairwise(seen)
        if later.watermark < earlier.watermark
    ]


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
    again = replayed(history.of(evidence.epoch))
    return sum(
        row.rows
        for sequence, row in evidence.written.frames.items()
        if any(first <= sequence <= last for first, last in again)
    )


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
