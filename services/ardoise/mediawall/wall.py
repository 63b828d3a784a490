"""What all screens show at this moment."""

from dataclasses import dataclass, field, replace
from typing import Any

from ardoise.chassis.newest import Newest
from ardoise.chassis.steady_clock import now_ms
from ardoise.chassis.telemetry import counter
from ardoise.mediawall.domain.catching_up import CatchingUp
from ardoise.mediawall.domain.race import RaceView, changes, race_view
from ardoise.mediawall.events import Event
from ardoise.mediawall.screens import Screens
from ardoise.pb import analytics_pb2, race_pb2

PUBLIC_LINKS = ("positioning", "analytics")
# Screens that keep up need one, those a second late another: past this the whole state costs less.
MOST_CHANGES = 8

_frames = counter("mediawall.frames", "1", "States of the page that were made.")


@dataclass(frozen=True)
class Frame:
    """All that a screen may have to be sent at one moment. Stage and state are None until there are any."""

    links: Event
    stage: Event | None = None
    state: Event | None = None
    view: RaceView | None = None
    """What state tells."""
    ticks: int = 0
    """Snapshots that the wall had shown by then."""
    _changes: dict[int, Event] = field(default_factory=dict)

    def due(self, sent: "Frame | None") -> list[Event]:
        """What a screen is to get that was last sent `sent`."""
        events = []
        if sent is None or self.links is not sent.links:
            events.append(self.links)
        if self.stage is not None and (sent is None or self.stage is not sent.stage):
            events.append(self.stage)
        if self.state is not None and (sent is None or self.state is not sent.state):
            events.append(self.change_since(sent))
        return events

    def change_since(self, sent: "Frame | None") -> Event:
        """What is different from a frame of the same stage: made once for all screens that have that frame.

        The whole state where screens are so far apart that each would need a change of its own.
        """
        assert self.view is not None
        assert self.state is not None
        if sent is None or sent.view is None or sent.stage is not self.stage:
            return self.state
        since = sent.view.frame_id
        if since not in self._changes:
            if len(self._changes) >= MOST_CHANGES:
                return self.state
            self._changes[since] = Event("change", changes(sent.view, self.view), self.view.event_id)
        return self._changes[since]


@dataclass
class Link:
    """How one service that feeds the wall can be reached."""

    state: str = "absent"
    """ "absent": not configured; "connected"; "reconnecting"."""
    since_ms: int = field(default_factory=now_ms)
    detail: str = ""


class Wall:
    """The newest race, as every screen shows it. Consumers call the show_ methods; screens watch `frames`."""

    def __init__(self, screens_limit: int, screens_per_address_limit: int) -> None:
        self.frames: Newest[Frame] = Newest()
        self.screens = Screens(screens_limit, screens_per_address_limit)
        self.links = {name: Link() for name in (*PUBLIC_LINKS, "security")}
        self._snapshot: race_pb2.Snapshot | None = None
        self._heard_ms = 0
        self._catching_up: CatchingUp | None = None
        """None: the race counts the seconds of a recording, which are of no age."""
        self._up_to_date_ms: int | None = None
        self._predictions: analytics_pb2.PredictionSet | None = None
        self._made = 0
        self._ticks = 0
        self.epoch = 0
        """The log whose stage is shown; 0: none yet."""
        self.frames.set(Frame(self._links_event()))

    @property
    def log_time_ms(self) -> int | None:
        """The tick that is shown; None before the first."""
        return self._snapshot.race_time_ms if self._snapshot else None

    def show_stage(self, stage: dict[str, Any]) -> None:
        """A stage is on, as stage_view() has it; its first snapshot follows."""
        self.epoch = stage["epoch"]
        self._snapshot = None
        self._catching_up = CatchingUp() if stage["clock"] == "wall" else None
        self.frames.set(Frame(self._newest.links, Event("stage", stage), ticks=self._ticks))

    def show_snapshot(self, snapshot: race_pb2.Snapshot) -> None:
        """A tick of the race closed. One of another stage than the one that is on is left out."""
        if snapshot.name.epoch == self.epoch:
            self._snapshot = snapshot
            self._heard_ms = now_ms()
            self._up_to_date_ms = self._catching_up and self._catching_up.up_to_date_ms(
                snapshot.race_time_ms, self._heard_ms
            )
            self._ticks += 1
            self._show_race()

    def show_predictions(self, predictions: analytics_pb2.PredictionSet) -> None:
        """Analytics sees the race differently now."""
        self._predictions = predictions
        self._show_race()

    def show_link(self, name: str, state: str, detail: str = "") -> None:
        """A service that feeds the wall came or went."""
        link = self.links[name]
        came_or_went = link.state != state
        link.state, link.detail = state, detail
        if came_or_went:
            link.since_ms = now_ms()
            if name in PUBLIC_LINKS:
                self.frames.set(replace(self._newest, links=self._links_event()))

    def state_json(self) -> dict[str, Any]:
        """Stage and state together, for those who poll."""
        newest = self._newest
        return {
            "now_ms": now_ms(),
            "links": newest.links.data,
            "stage": newest.stage.data if newest.stage else None,
            "state": newest.state.data if newest.state else None,
        }

    @property
    def _newest(self) -> Frame:
        assert self.frames.value is not None
        return self.frames.value

    def _links_event(self) -> Event:
        return Event("links", {name: self.links[name].state for name in PUBLIC_LINKS})

    def _show_race(self) -> None:
        if self._snapshot is None:
            return
        self._made += 1
        view = race_view(
            self._snapshot, self._predictions, self._heard_ms, self._up_to_date_ms, frame_id=self._made
        )
        state = Event("state", view.whole(), view.event_id)
        self.frames.set(Frame(self._newest.links, self._newest.stage, state, view, self._ticks))
        _frames.add(1)
