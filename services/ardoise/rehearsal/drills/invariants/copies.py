"""I5 and the digests: every site holds the same log and derives the same race."""

from collections import defaultdict
from collections.abc import Iterator

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import History
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Promise
from ardoise.rehearsal.drills.waits import DIGESTS_COMPARED

DATABASE = "database"


def mirror_is_prefix(_history: History, evidence: Evidence, promise: Promise, _cast: Cast) -> Finding:
    """I5: for every sequence the same bytes, and no hole. Of a log that was given up, a mirror may end earlier."""
    twice = _used_twice(evidence, promise)
    against = [*evidence.missing]
    for site, mirror in evidence.mirrors.items():
        shared = evidence.log.keys() & mirror.keys()
        against += [
            f"{site}: message {sequence} has other bytes than the truck's"
            for sequence in sorted(shared)
            if not twice and mirror[sequence].digest != evidence.log[sequence].digest
        ]
        against += [
            f"{site}: message {sequence} is missing"
            for sequence in sorted(evidence.log.keys() - mirror.keys())
            if evidence.given_up is None or sequence < max(mirror, default=0)
        ]
        against += [
            f"{site}: message {sequence} is not the truck's"
            for sequence in sorted(mirror.keys() - evidence.log.keys())
            if not twice
        ]
    against += [f"truck: message {sequence} is missing" for sequence in _holes(evidence)]
    checked = sum(len(mirror) for mirror in evidence.mirrors.values())
    return finding(Invariant.MIRROR_IS_PREFIX, "mirrors are the log", checked, against)


def same_everywhere(history: History, evidence: Evidence, promise: Promise, cast: Cast) -> Finding:
    """Snapshots of one name have one digest, whoever derived them, and whenever: sites, and the database's recorder.

    Nearly every second that a site showed was compared with somebody else's.
    """
    where = [one for one in history.digests if one.name[1] == history.epoch]
    derived: defaultdict[tuple[str, int, int], set[tuple[str, str]]] = defaultdict(set)
    for one in where:
        derived[one.name].add((one.site, one.digest))
    against, compared = [], set()
    for name, found in derived.items():
        sequence = name[2]
        if (recorded := evidence.written.digests.get(sequence)) is not None:
            found.add((DATABASE, recorded))
        if len({who for who, _ in found}) > 1:
            compared.add(name)
        if len({digest for _, digest in found}) > 1 and not _used_twice(evidence, promise):
            shown = ", ".join(f"{who} {digest[:8]}" for who, digest in sorted(found))
            against.append(f"snapshot {sequence} differs: {shown}")
    for site in sorted(cast.values()):
        # What came behind the last acknowledged fix need not have been written, or shown elsewhere, when all ended.
        due = [one for one in where if one.site == site and one.name[2] <= evidence.upto]
        seconds = {one.race_time_ms // 1000 for one in due}
        matched = {one.race_time_ms // 1000 for one in due if one.name in compared}
        if not seconds or len(matched) < DIGESTS_COMPARED * len(seconds):
            against.append(f"{site}: only {len(matched)} of {len(seconds)} seconds could be compared")
    return finding(Invariant.SAME_EVERYWHERE, "the same race everywhere", len(compared), against)


def copied(history: History, evidence: Evidence, promise: Promise, cast: Cast) -> Finding:
    """A database that could not go on from what it had was copied anew, and what it alone had was set aside before."""
    expected = {cast[promise.copied]} if promise.copied else set()
    reports = (report for region in expected for report in evidence.set_aside.get(region, []))
    kept = frozenset().union(*(report.keys for report in reports))
    against = [f"{key} was not set aside" for key in history.alone if key not in kept]
    against += [f"{region}'s database was not copied" for region in sorted(expected - evidence.copied)]
    against += [f"{region}'s database was copied" for region in sorted(evidence.copied - expected)]
    return finding(
        Invariant.COPIED, "copied anew where nothing less is possible", len(evidence.copied), against
    )


def _used_twice(evidence: Evidence, promise: Promise) -> bool:
    """Whether each mirror may have what was written again under the same sequences in its own way."""
    return promise.used_again and evidence.given_up is not None


def _holes(evidence: Evidence) -> Iterator[int]:
    return (sequence for sequence in range(1, evidence.upto + 1) if sequence not in evidence.log)
