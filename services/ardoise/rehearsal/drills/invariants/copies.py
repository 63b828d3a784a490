"""I5 and the digests: every site holds the same log and derives the same race."""

from collections.abc import Iterator
from itertools import combinations

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import History
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Place, Promise
from ardoise.rehearsal.drills.waits import DIGESTS_COMPARED

DATABASE = "database"


def mirror_is_prefix(_history: History, evidence: Evidence, _promise: Promise, _cast: Cast) -> Finding:
    """I5: for every sequence the same bytes, and no hole. Of a log that was given up, a mirror may end earlier."""
    against = [*evidence.missing]
    for site, mirror in evidence.mirrors.items():
        shared = evidence.log.keys() & mirror.keys()
        against += [
            f"{site}: message {sequence} has other bytes than the truck's"
            for sequence in sorted(shared)
            if mirror[sequence].digest != evidence.log[sequence].digest
        ]
        against += [
            f"{site}: message {sequence} is missing"
            for sequence in sorted(evidence.log.keys() - mirror.keys())
            if evidence.given_up is None or sequence < max(mirror, default=0)
        ]
        against += [
            f"{site}: message {sequence} is not the truck's"
            for sequence in sorted(mirror.keys() - evidence.log.keys())
        ]
    against += [f"truck: message {sequence} is missing" for sequence in _holes(evidence)]
    checked = sum(len(mirror) for mirror in evidence.mirrors.values())
    return finding(Invariant.MIRROR_IS_PREFIX, "mirrors are the log", checked, against)


def same_everywhere(history: History, evidence: Evidence, _promise: Promise, cast: Cast) -> Finding:
    """Snapshots of one name have one digest, whoever derived them; and enough of them were compared."""
    seen: dict[tuple[str, int, int], dict[str, str]] = {}
    seconds: dict[str, set[int]] = {site: set() for site in cast.values()}
    compared: dict[tuple[str, str], set[int]] = {}
    where = _of_epoch(history)
    for one in where:
        seen.setdefault(one.name, {})[one.site] = one.digest
        seconds[one.site].add(one.race_time_ms // 1000)
    against = []
    for one in where:
        by_site = seen[one.name]
        for pair in combinations(sorted(by_site), 2):
            compared.setdefault(pair, set()).add(one.race_time_ms // 1000)
    checked = 0
    for (_, _, sequence), by_site in seen.items():
        recorded = evidence.written.digests.get(sequence)
        everyone = by_site if recorded is None else {**by_site, DATABASE: recorded}
        checked += len(everyone) > 1
        if len(set(everyone.values())) > 1:
            shown = ", ".join(f"{site} {digest[:8]}" for site, digest in sorted(everyone.items()))
            against.append(f"snapshot {sequence} differs: {shown}")
    truck = cast[Place.TRUCK]
    for pair in combinations(sorted(seconds), 2):
        both = seconds[pair[0]] & seconds[pair[1]]
        missed = len(both) - len(compared.get(pair, set()))
        # Of less than a hundred seconds one: a site that catches up shows some of them by other snapshots.
        if truck in pair and (not both or missed > max(1, (1 - DIGESTS_COMPARED) * len(both))):
            against.append(
                f"{pair[0]} and {pair[1]}: only {len(both) - missed} of {len(both)} seconds could be compared"
            )
    return finding(Invariant.SAME_EVERYWHERE, "the same race everywhere", checked, against)


def _of_epoch(history: History):
    return [one for one in history.digests if one.name[1] == history.epoch]


def _holes(evidence: Evidence) -> Iterator[int]:
    return (sequence for sequence in range(1, evidence.upto + 1) if sequence not in evidence.log)
