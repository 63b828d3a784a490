"""Official times: who is credited with whose time at the line."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ardoise.race.groups import MERGE_MS

NEW_TIME_GAP_MS = 1_000
"""So far behind the rider ahead, a rider begins a new time (UCI 2.3.040, formerly 1.2.107)."""
BUNCH_SPRINT_GAP_MS = 3_000
"""The same within the main bunch of a stage that is designated as a bunch sprint (UCI protocol of 2017)."""


@dataclass(frozen=True)
class Incident:
    """An incident that race control has recorded, in whose company it found the rider."""

    bib: int
    fall: bool
    at_cm: int
    """Distance from kilometre 0."""
    company: tuple[int, ...]
    """Bibs of the group at that moment, without the rider."""


def stage_times(instants_ms: Sequence[int], start_ms: int, bunch_from: int | None = None) -> list[int]:
    """Times (s) of riders who crossed the line at these instants (ascending), in their order.

    All in a group have the time of its first rider, in whole seconds, the fraction dropped. A group ends where the
    next rider is 1 s behind or more; on a stage designated as a bunch sprint, `bunch_from` is the place (from 0) of the
    first rider of the main bunch, from whom on it takes 3 s, until it has once (UCI 2.3.040; protocol of 2017).
    The rule measures from rear wheel to front wheel; instants are of front wheels, and the tenth of a second between
    the two is less than what is known of them. An instant before the start, a mistyped result, is no time below 0.
    """
    times: list[int] = []
    group_ms, in_bunch = 0, False
    for place, instant_ms in enumerate(instants_ms):
        behind_ms = instant_ms - instants_ms[place - 1] if place else NEW_TIME_GAP_MS
        limit_ms = BUNCH_SPRINT_GAP_MS if in_bunch else NEW_TIME_GAP_MS
        if behind_ms >= limit_ms:
            group_ms, in_bunch = instant_ms, False
        in_bunch = in_bunch or place == bunch_from
        times.append(max(group_ms - start_ms, 0) // 1000)
    return times


def companies(passages: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The groups (bibs) in which riders passed a point, from their passages there: (bib, ms) in order.

    Riders no further apart than groups that merge ride in each other's company.
    """
    groups: list[list[int]] = []
    before_ms = 0
    for bib, passed_ms in passages:
        if not groups or passed_ms - before_ms > MERGE_MS:
            groups.append([])
        groups[-1].append(bib)
        before_ms = passed_ms
    return groups


def credited_times(
    times_s: Mapping[int, int], incidents: Sequence[Incident], zone_from_cm: int
) -> dict[int, int]:
    """Times (s) with which riders are credited for an incident in the zone before the line, by bib (UCI 2.6.027).

    `times_s`: official times so far, by bib. A rider gets the time of those in whose company the rider was: where they
    came in apart, the one that most of them have, the earlier of two. Others with an incident of their own do not
    count. Nobody's time becomes worse.
    """
    counted = [one for one in incidents if one.at_cm >= zone_from_cm]
    hit = {one.bib for one in counted}
    credited: dict[int, int] = {}
    for one in counted:
        company_s = _shared_time_s(times_s, [bib for bib in one.company if bib not in hit])
        best_s = credited.get(one.bib, times_s.get(one.bib))
        if company_s is not None and (best_s is None or company_s < best_s):
            credited[one.bib] = company_s
    return credited


def _shared_time_s(times_s: Mapping[int, int], bibs: Collection[int]) -> int | None:
    """The time that most of these riders have; None where none has one."""
    counts = Counter(times_s[bib] for bib in bibs if bib in times_s)
    return min(counts, key=lambda time_s: (-counts[time_s], time_s), default=None)
