"""Observations in, alerts out: a deterministic function of what was observed, in bounded memory.

An attacker chooses tracker numbers freely. So every subject is charged to the source that brought it; a source has
room for so many subjects and so many alerts, and what goes beyond is one more alert, about the source itself.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from ardoise.security.domain.alert import MOST_EVIDENCE, Alert, Evidence, Origin, alert_id
from ardoise.security.domain.observation import Observation
from ardoise.security.domain.rules import Rule, SubjectKind
from ardoise.security.domain.window import Entry, Window

# An alert lasts until its subject was quiet for so long; what comes after that is a new alert.
QUIET_MS = 10 * 60 * 1000
# Clocks step back by more than this only when another race is replayed or the machine's clock was set: start over.
STEP_BACK_MS = 60 * 1000
# Per rule. Sources hold certificates of ours, so there are few; 64 is twice the relays of a Grand Tour.
MOST_SOURCES = 64
SUBJECTS_PER_SOURCE = 32
ALERTS_PER_SOURCE = 4
OTHERS = "others"


class _Track:
    """What is remembered of one subject under one rule."""

    __slots__ = ("alert", "last_ms", "source", "window")

    def __init__(self, source: str, window: Window, last_ms: int, alert: Alert | None) -> None:
        self.source, self.window, self.last_ms, self.alert = source, window, last_ms, alert

    def lasts(self, now_ms: int) -> bool:
        """Whether its alert is not over."""
        return self.alert is not None and -STEP_BACK_MS <= now_ms - self.last_ms <= QUIET_MS


class _Watch:
    """One rule and the subjects that it has its eye on."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._window_ms = rule.window_s * 1000
        self._tracks: dict[str, _Track] = {}
        # The same tracks by the source they are charged to; sources and tracks least recently seen first.
        self._charged: OrderedDict[str, OrderedDict[str, _Track]] = OrderedDict()

    def observe(self, observation: Observation) -> Alert | None:
        """The alert that this raised or made grow."""
        subject, track = self._track(self.rule.subject_of(observation), observation)
        now_ms = observation.time_ms
        if now_ms < track.last_ms - STEP_BACK_MS or (track.alert and not track.lasts(now_ms)):
            track.alert = None
            track.window.clear()
        else:
            now_ms = max(now_ms, track.last_ms)
        track.last_ms = now_ms
        evidence = Evidence(now_ms, observation.source, observation.detail)
        entry = Entry(observation.count, evidence, observation.origin)
        if track.alert is not None:
            return self._grow(track.alert, [entry])
        key = observation.tracker if self.rule.distinct else None
        if track.window.add(key, entry, self._window_ms, self.rule.threshold):
            return self._raise(subject, track)
        return None

    def _track(self, subject: str, observation: Observation) -> tuple[str, _Track]:
        """The subject's track, made where there is none; the subject is another where there is no room for it."""
        track = self._tracks.get(subject)
        if track is None:
            source = self._room_for(observation.source, observation.time_ms)
            if source == OTHERS and self.rule.subject is not SubjectKind.PLATFORM:
                subject = f"source:{OTHERS}"
                track = self._tracks.get(subject)
        if track is None:
            track = _Track(source, Window(), observation.time_ms, None)
            self._make_room_in(self._charged[source], observation.time_ms)
            self._charged[source][subject] = self._tracks[subject] = track
        else:
            self._charged[track.source].move_to_end(subject)
            self._charged.move_to_end(track.source)
        return subject, track

    def _room_for(self, source: str, now_ms: int) -> str:
        """The source to charge: itself, in the place of one that is quiet, or "others" where none is."""
        if source in self._charged:
            return source
        if len(self._charged) >= MOST_SOURCES:
            quiet = next((name for name in self._charged if not self._lasting(name, now_ms)), None)
            if quiet is None:
                source = OTHERS
            else:
                for subject in self._charged.pop(quiet):
                    del self._tracks[subject]
        self._charged.setdefault(source, OrderedDict())
        return source

    def _make_room_in(self, charged: OrderedDict[str, _Track], now_ms: int) -> None:
        """Forgets the subject longest unseen; never one whose alert lasts, of which there are fewer than places."""
        if len(charged) >= SUBJECTS_PER_SOURCE:
            subject = next(name for name, track in charged.items() if not track.lasts(now_ms))
            del charged[subject], self._tracks[subject]

    def _lasting(self, source: str, now_ms: int) -> int:
        return sum(track.lasts(now_ms) for track in self._charged[source].values())

    def _raise(self, subject: str, track: _Track) -> Alert:
        """A new alert about the subject, or about its source where that has had its share of alerts."""
        entries = list(track.window.entries.values())
        track.window.clear()
        rolled_up = f"source:{track.source}"
        if subject != rolled_up and self._lasting(track.source, track.last_ms) >= ALERTS_PER_SOURCE:
            charged = self._charged[track.source]
            del charged[subject], self._tracks[subject]
            whole = charged.setdefault(rolled_up, _Track(track.source, Window(), track.last_ms, None))
            self._tracks[rolled_up] = whole
            lasted = whole.lasts(track.last_ms)
            whole.last_ms = track.last_ms
            if lasted:
                return self._grow(whole.alert, entries)
            subject, track = rolled_up, whole
        track.alert = self._alert(subject, entries[0])
        return self._grow(track.alert, entries)

    def _alert(self, subject: str, first: Entry) -> Alert:
        kind, _, name = subject.partition(":")
        whole = kind == "source" and self.rule.subject is SubjectKind.TRACKER
        return Alert(
            alert_id=alert_id(self.rule.id, subject, first.origin),
            rule=self.rule.id,
            subject=subject,
            severity=self.rule.severity,
            title=f"{self.rule.title}: {f'many trackers of {name}' if whole else f'{kind} {name}'}",
            action=self.rule.action,
            count=0,
            first_seen_ms=first.evidence.time_ms,
            last_seen_ms=first.evidence.time_ms,
            epoch=first.origin.epoch,
            sequence=first.origin.sequence,
        )

    def _grow(self, alert: Alert, entries: Iterable[Entry]) -> Alert:
        for entry in entries:
            alert.count += entry.count
            alert.last_seen_ms = max(alert.last_seen_ms, entry.evidence.time_ms)
            if len(alert.evidence) < MOST_EVIDENCE:
                alert.evidence.append(entry.evidence)
        escalation = self.rule.escalation
        if escalation and alert.count >= escalation.at_count:
            alert.severity = escalation.severity
        return alert

    def lasting_alerts(self) -> list[Alert]:
        """Alerts that may still grow."""
        tracks = (track for charged in self._charged.values() for track in charged.values())
        return [track.alert for track in tracks if track.alert is not None]

    def dump(self) -> list[Any]:
        """Its state as JSON can hold it."""
        return [
            [source, [_dump_track(subject, track) for subject, track in charged.items()]]
            for source, charged in self._charged.items()
        ]

    def restore(self, dumped: list[Any], alerts: Mapping[str, Alert]) -> None:
        """Takes up a state that dump() gave."""
        for source, tracks in dumped:
            charged = self._charged[source] = OrderedDict()
            for subject, last_ms, alert, entries in tracks:
                window = Window(
                    [
                        (key, Entry(count, Evidence(*seen), Origin(*origin)))
                        for key, count, seen, origin in entries
                    ]
                )
                track = _Track(source, window, last_ms, alerts[alert] if alert else None)
                charged[subject] = self._tracks[subject] = track


def _dump_track(subject: str, track: _Track) -> list[Any]:
    entries = [[key, *entry] for key, entry in track.window.entries.items()]
    return [subject, track.last_ms, track.alert.alert_id if track.alert else None, entries]


class Engine:
    """All rules over everything that is observed."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._watches = [_Watch(rule) for rule in rules]
        self._by_signal: dict[str, list[_Watch]] = {}
        for watch in self._watches:
            self._by_signal.setdefault(watch.rule.counts, []).append(watch)

    def observe(self, observations: Iterable[Observation]) -> list[Alert]:
        """The alerts that these raised or made grow, each once, in the order in which they first changed."""
        changed: dict[str, Alert] = {}
        for observation in observations:
            for watch in self._by_signal.get(observation.signal, ()):
                alert = watch.observe(observation)
                if alert is not None:
                    changed[alert.alert_id] = alert
        return list(changed.values())

    def lasting_alerts(self) -> list[Alert]:
        """Alerts that may still grow."""
        return [alert for watch in self._watches for alert in watch.lasting_alerts()]

    def dump(self) -> dict[str, Any]:
        """Everything but the alerts themselves, as JSON can hold it."""
        return {watch.rule.id: [watch.rule.fingerprint, watch.dump()] for watch in self._watches}

    def restore(self, dumped: Mapping[str, Any], alerts: Mapping[str, Alert]) -> None:
        """Takes up a state that dump() gave. A rule that was changed since starts with nothing."""
        for watch in self._watches:
            fingerprint, state = dumped.get(watch.rule.id, (None, None))
            if fingerprint == watch.rule.fingerprint:
                watch.restore(state, alerts)
