"""What the steps of a drill wait for, told from what its own probes saw."""

from collections.abc import Iterable
from itertools import takewhile

from ardoise.rehearsal.drills.history import (
    DatabaseSeen,
    Outcome,
    PositionSeen,
    Role,
    ScreenSeen,
    StatusSeen,
    Words,
)
from ardoise.rehearsal.drills.scenario import EVERYWHERE, REGIONS, Moment, Place, Until

FRESH_S = 1.5
"""What was seen longer ago says nothing of now."""
LEVEL = 40
"""Messages that a mirror may be behind and still be level: a few seconds of heartbeats and frames of one race."""
LOG_MESSAGES_A_SECOND = 10
WAITING_S = 1.0
"""A commit takes milliseconds: one that is not answered for so long waits."""


def level_of(load: int) -> int:
    """LEVEL where the log takes as much as so many races."""
    return LEVEL * load


def steady() -> Until:
    """Everything flows: what a drill begins with."""

    def holds(at: Moment) -> bool:
        history, now_s = at.history, at.history.now_s()
        acknowledged = bool(history.acknowledged) and now_s - history.acknowledged[-1].at_s < FRESH_S
        decided = any(
            decision.outcome is Outcome.ACKNOWLEDGED
            for decision in _newer(history.decisions, now_s - FRESH_S, lambda decision: decision.ended_s)
        )
        shown = all(_shown(at, place) for place in EVERYWHERE)
        level = all(_level(at, place) for place in REGIONS)
        return acknowledged and decided and shown and level and written_down().holds(at)

    return Until("everything flows", holds)


def primary_is(place: Place) -> Until:
    """That server takes decisions which were begun after the fault."""

    def holds(at: Moment) -> bool:
        return any(
            decision.outcome is Outcome.ACKNOWLEDGED and decision.site == at.cast[place]
            for decision in _newer(at.history.decisions, at.since_s, lambda decision: decision.began_s)
        )

    return Until(f"the {place}'s database takes decisions", holds)


def decisions_go_on() -> Until:
    """Either server takes decisions which were begun after the fault."""

    def holds(at: Moment) -> bool:
        return any(primary_is(place).holds(at) for place in REGIONS)

    return Until("decisions are taken again", holds)


def decisions_wait(place: Place) -> Until:
    """Commits on that server wait for the other region: nothing has been answered for WAITING_S."""

    def holds(at: Moment) -> bool:
        own = (one for one in at.history.decisions if one.site == at.cast[place])
        ended_s = (one.ended_s for one in (*own, *at.history.by_services))
        return at.history.now_s() - max(ended_s, default=0.0) > WAITING_S

    return Until(f"commits of the {place}'s wait", holds)


def services_decide(place: Place) -> Until:
    """What services decide is decided by that server: begun after the fault, and acknowledged."""

    def holds(at: Moment) -> bool:
        return any(
            one.outcome is Outcome.ACKNOWLEDGED and one.site == at.cast[place]
            for one in _newer(at.history.by_services, at.since_s, lambda decision: decision.began_s)
        )

    return Until(f"services decide at the {place}", holds)


def sends_away(place: Place) -> Until:
    """Whoever stays with that server is told that it takes no decisions."""

    def holds(at: Moment) -> bool:
        return any(
            one.outcome is Outcome.REFUSED and one.site == at.cast[place]
            for one in _newer(at.history.decisions, at.since_s, lambda decision: decision.began_s)
        )

    return Until(f"the {place}'s database sends its clients away", holds)


def stepped_down(place: Place) -> Until:
    """Its server is no primary any more."""

    def holds(at: Moment) -> bool:
        seen = _newest(at.history.database, at.cast[place], at.since_s)
        return seen is not None and seen.role is not Role.PRIMARY

    return Until(f"the {place}'s database is no primary", holds)


def attached(place: Place) -> Until:
    """Its server follows the primary: on the same timeline, with the same watermark or nearly."""

    def holds(at: Moment) -> bool:
        seen = _newest(at.history.database, at.cast[place], at.since_s)
        others = [
            _newest(at.history.database, site, at.since_s)
            for where, site in at.cast.items()
            if where in REGIONS and where is not place
        ]
        leader = next((one for one in others if one and one.role is Role.PRIMARY), None)
        if seen is None or seen.role is not Role.STANDBY or leader is None:
            return False
        known = seen.watermark is not None and leader.watermark is not None
        return known and leader.watermark - seen.watermark <= level_of(at.history.load)

    return Until(f"the {place}'s database follows", holds)


def screens_live(*places: Place) -> Until:
    """Each shows a second that is less than FRESH_S old."""
    return Until(f"screens live: {', '.join(places)}", lambda at: all(_shown(at, place) for place in places))


def screens_say(words: Words, *places: Place) -> Until:
    """Each says so."""

    def holds(at: Moment) -> bool:
        return all(
            (seen := _newest(at.history.screens, at.cast[place], at.since_s)) and seen.words is words
            for place in places
        )

    return Until(f'screens say "{words}": {", ".join(places)}', holds)


def ingest_acknowledges() -> Until:
    """Relays are answered again."""

    def holds(at: Moment) -> bool:
        seen = at.history.acknowledged
        return bool(seen) and seen[-1].at_s > at.waiting_s

    return Until("relays are acknowledged", holds)


def alerted(rule: str) -> Until:
    """Every site's security shows an alert by this rule."""

    def holds(at: Moment) -> bool:
        shown = {one.site for one in at.history.alerts if one.rule == rule and one.at_s >= at.since_s}
        return shown >= set(at.cast.values())

    return Until(f"every site is alerted: {rule}", holds)


def frames_refused() -> Until:
    """The log is at its bound, and says so."""
    return Until(
        "frames are refused",
        lambda at: bool(at.history.refused) and at.history.refused[-1].at_s > at.since_s,
    )


def another_log() -> Until:
    """The broken one is given up: relays are acknowledged in another."""
    return Until("another log takes over", lambda at: bool(at.history.given_up))


def mirror_level(*places: Place) -> Until:
    """Their copies of the log end where the truck's does."""
    return Until(f"mirrors level: {', '.join(places)}", lambda at: all(_level(at, place) for place in places))


def mirror_behind(place: Place, seconds: int) -> Until:
    """Its copy of the log stands still and has lost so many seconds on the truck's.

    Raises ValueError for so few that a mirror with them is level still: the wait for it to be level would be none.
    """
    if seconds * LOG_MESSAGES_A_SECOND <= LEVEL:
        raise ValueError(f"{seconds} s are at most {LEVEL} messages, which is level")

    def holds(at: Moment) -> bool:
        mirror = _newest(at.history.positions, at.cast[place], at.since_s)
        log = _newest(at.history.positions, at.cast[Place.TRUCK], at.since_s)
        known = mirror and log and mirror.last_sequence is not None and log.last_sequence is not None
        behind = seconds * LOG_MESSAGES_A_SECOND * at.history.load
        return bool(known) and log.last_sequence - mirror.last_sequence >= behind

    return Until(f"the {place}'s mirror is {seconds} s behind", holds)


def log_longer_than(messages: int) -> Until:
    """The truck's log holds more."""

    def holds(at: Moment) -> bool:
        log = _newest(at.history.positions, at.cast[Place.TRUCK], at.since_s)
        return log is not None and (log.last_sequence or 0) > messages

    return Until(f"the log holds more than {messages} messages", holds)


def promotion_blocked(place: Place) -> Until:
    """Its own status says that nobody may be promoted, for want of a majority of etcd."""

    def holds(at: Moment) -> bool:
        seen = _newest(at.history.statuses, at.cast[place], at.since_s)
        return seen is not None and seen.blocked is not None and "no majority of etcd" in seen.blocked

    return Until(f"the {place} says that nobody may be promoted, and why", holds)


def loss_known(place: Place, *, decisions: bool) -> Until:
    """What the forced failover cost of the log is said exactly; with `decisions`, of them too."""

    def holds(at: Moment) -> bool:
        seen = _newest(at.history.statuses, at.cast[place], at.since_s)
        if seen is None or not seen.forced or seen.messages_lost is None:
            return False
        return seen.decisions_lost is not None or not decisions

    what = "log and decisions" if decisions else "the log"
    return Until(f"the {place} says exactly what was lost of {what}", holds)


def etcd_whole() -> Until:
    """All three members are of one cluster, have a leader and vote, as both regions see it."""

    def holds(at: Moment) -> bool:
        for place in REGIONS:
            seen = _newest(at.history.statuses, at.cast[place], at.since_s)
            members = [seen.etcd.get(site) for site in at.cast.values()] if seen else [None]
            # A stand-in that is not called does not answer.
            if not all(one is not None and one.votes for one in members):
                return False
            if len({one.cluster_id for one in seen.etcd.values() if one.votes}) != 1:
                return False
        return True

    return Until("etcd is one cluster of three that vote", holds)


def written_down() -> Until:
    """The primary's watermark is past everything that was acknowledged when the wait began."""

    def holds(at: Moment) -> bool:
        epoch = at.history.epoch
        due = takewhile(lambda one: one.at_s <= at.waiting_s, at.history.acknowledged)
        upto = max((one.sequence for one in due if one.epoch == epoch), default=0)
        now_s = at.history.now_s()
        seen = _newer(at.history.database, now_s - FRESH_S, lambda one: one.at_s)
        return any(
            one.role is Role.PRIMARY and one.epoch == epoch and (one.watermark or 0) >= max(upto, 1)
            for one in seen
        )

    return Until("what is acknowledged is written down", holds)


def _shown(at: Moment, place: Place) -> bool:
    seen = _newest(at.history.screens, at.cast[place], at.since_s)
    return seen is not None and seen.words is Words.LIVE and seen.epoch == at.history.epoch


def _level(at: Moment, place: Place) -> bool:
    mirror = _newest(at.history.positions, at.cast[place], at.since_s)
    log = _newest(at.history.positions, at.cast[Place.TRUCK], at.since_s)
    if mirror is None or log is None or mirror.last_sequence is None or log.last_sequence is None:
        return False
    return log.last_sequence > 0 and abs(log.last_sequence - mirror.last_sequence) <= level_of(
        at.history.load
    )


def _newest[T: (ScreenSeen, DatabaseSeen, PositionSeen, StatusSeen)](
    seen: list[T], site: str, since_s: float
) -> T | None:
    for one in reversed(seen):
        if one.at_s < since_s:
            return None
        if one.site == site:
            return one
    return None


def _newer[T](seen: list[T], since_s: float, at_s) -> Iterable[T]:
    """Newest first; lists are in the order in which things were seen."""
    # A decision that was begun earlier may have ended later.
    return (one for one in reversed(seen[-2_000:]) if at_s(one) > since_s)
