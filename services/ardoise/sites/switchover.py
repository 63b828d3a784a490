"""What stands against a planned change of the primary, and what came of one: decided from what is seen. Pure.

A planned change waits for the one before it, whoever made that (I11): until the former primary follows again, which
being a synchronous standby says, and until the new one has been primary for COOL_DOWN_S. An operator who goes there
and back by mistake, or two who undo each other, so cost the race one pause a minute. An automatic change never waits
for the clock, since waiting would be an outage; it waits for the former primary to follow again, because Patroni
promotes synchronous members only.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from itertools import pairwise

from ardoise.pb.sites_pb2 import DatabaseRole, SitesStatus, SiteStatus, Truth
from ardoise.sites.database import wal_behind
from ardoise.sites.mirrors import MirrorState
from ardoise.sites.patroni import History, Member

MOST_BEHIND = 1_000
"""Messages of the log, about a minute of a race: what the target would have to catch up with before it writes."""
MOST_WAL_BEHIND_BYTES = 16 * 1024 * 1024
"""Of write-ahead log, a second or two of it: what the target would have to apply before it takes writes."""
COOL_DOWN_S = 60.0
"""From one change of the primary to the next planned one."""
_WHEN, _WHO = 3, 4


def objections(
    status: SitesStatus,
    target: str,
    most_behind: int = MOST_BEHIND,
    most_wal_behind_bytes: int = MOST_WAL_BEHIND_BYTES,
) -> list[str]:
    """What stands against moving the primary to this region now, for people; nothing: go on.

    `most_behind`: messages of the log that the target may be behind the truck.
    """
    sites = {site.site: site for site in status.sites}
    regions = [promotion.region for promotion in status.promotions]
    if target not in regions:
        return [f"{target} is no region: there are {', '.join(regions)}"]
    primary = next((one.region for one in status.promotions if one.primary), "")
    if not primary:
        return ["no primary is seen: this is a failover, and Patroni's to decide"]
    if primary == target:
        return [f"{target} is primary already"]
    if not sites[target].HasField("report"):
        return [f"{target} does not answer {status.seen_from}"]
    found = [
        *_of_the_target(sites[target], status, most_behind),
        *_wal_behind(sites[primary], sites[target], most_wal_behind_bytes),
        *against_promotion(status, target),
    ]
    return list(dict.fromkeys(found))


def against_promotion(status: SitesStatus, target: str) -> list[str]:
    """Why the guard would not promote it."""
    return [
        reason
        for promotion in status.promotions
        if promotion.region == target and promotion.without_loss != Truth.TRUTH_YES
        for reason in promotion.reasons
    ]


def _of_the_target(target: SiteStatus, status: SitesStatus, most_behind: int) -> list[str]:
    found = []
    if target.report.database.role != DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY:
        found.append(f"{target.site} is no synchronous standby")
    if any(mirror.state == MirrorState.UNKNOWN for mirror in target.report.mirrors):
        found.append(
            f"{target.site} does not reach the truck: it would be primary of a race that stands still"
        )
    if not status.loss.HasField("messages"):
        found.append(f"how far {target.site} is behind the truck is Unknown")
    elif status.loss.messages > most_behind:
        found.append(
            f"{target.site} is {status.loss.messages} messages behind the truck, at most {most_behind}"
        )
    return found


def _wal_behind(primary: SiteStatus, target: SiteStatus, most_bytes: int) -> list[str]:
    """A limit of time, not of loss: a `sites` that does not tell its position, as older ones, is not refused for it."""
    behind = wal_behind(primary.report.database, target.report.database)
    if behind is None or behind <= most_bytes:
        return []
    return [f"{target.site}'s database is {behind} bytes of write-ahead log behind, at most {most_bytes}"]


def to_wait_s(history: History, now: datetime) -> float:
    """How long a planned change has to wait for the last one's sake; 0: not at all.

    The instant of that is of a region's clock. One that is far off, either way, lets nobody wait for ever.
    """
    changed = _last_change(history)
    if changed is None:
        return 0.0
    return max(0.0, COOL_DOWN_S - abs((now - changed).total_seconds()))


def _last_change(history: History) -> datetime | None:
    """When another region became primary; a region that was promoted anew, after a crash, changed nothing."""
    known = [line for line in history if len(line) > _WHO]
    changes = [later for earlier, later in pairwise(known) if earlier[_WHO] != later[_WHO]]
    # Who was primary before the first line is not written down: it counts as a change.
    last = next(reversed([*known[:1], *changes]), None)
    if last is None:
        return None
    when = datetime.fromisoformat(last[_WHEN])
    return when if when.tzinfo else when.replace(tzinfo=UTC)


class Outcome(Enum):
    """What came of a switchover."""

    OPEN = auto()
    """It is on its way, or nobody can tell."""
    MOVED = auto()
    """The target is primary."""
    STAYED = auto()
    """The old one is, still or again."""
    NOBODY = auto()
    """The old one has given the leadership away, the target took it and gave it back: its guard refused."""


def outcome(old: Member | None, new: Member | None, timeline: int) -> Outcome:
    """From what both say at one moment, None where one does not answer; `timeline`: of the old one as primary."""
    if new is not None and new.primary:
        return Outcome.MOVED
    if old is not None and old.primary:
        return Outcome.STAYED
    seen: Sequence[Member] = [member for member in (old, new) if member is not None]
    unlocked = len(seen) == 2 and all(member.nobody_leads for member in seen)
    # On a new timeline it may have taken decisions, which the old one has not.
    return Outcome.NOBODY if unlocked and new is not None and new.timeline == timeline else Outcome.OPEN
