"""What all screens show at this moment."""

from dataclasses import dataclass, field, replace
from typing import Any

from ardoise.chassis.newest import Newest
from ardoise.chassis.telemetry import counter
from ardoise.mediawall.domain.race import RaceView, changes, race_view
from ardoise.mediawall.domain.stage import stage_view
from ardoise.mediawall.events import Event
from ardoise.mediawall.screens import Screens, now_ms
from ardoise.pb import analytics_pb2, race_pb2, setup_pb2

PUBLIC_LINKS = ("positioning", "analytics")

_frames = counter("mediawall.frames", "1", "States of the page that were made.")


@dataclass(frozen=True)
class Frame:
    """All that a screen may have to be sent at one moment. Stage and state are None until there are any."""

    links: Event
    stage: Event | None = None
    state: Event | None = None
    change: Event | None = None
    """What is different from the frame before; None where that had no state of this stage."""

    def due(self, sent: "Frame | None", *, next_one: bool) -> list[Event]:
        """What a screen is to get that was last sent `sent`; `next_one`: this frame follows directly on that."""
        events = []
        if sent is None or self.links is not sent.links:
            events.append(self.links)
        if self.stage is not None and (sent is None or self.stage is not sent.stage):
            events.append(self.stage)
        if self.state is not None and (sent is None or self.state is not sent.state):
            events.append(self.change if self.change is not None and next_one else self.state)
        return events


@dataclass
class Link:
    """How one service that feeds the wall can be reached."""

    state: str = "absent"
    """ "absent": not configured; "connected"; "reconnecting"."""
    since_ms: int = field(default_factory=now_ms)
    detail: str = ""


class Wall:
    """The newest race, as every screen shows it. Consumers call the show_ methods; screens watch `frames`."""

    def __init__(self, screens_limit: int) -> None:
        self.frames: Newest[Frame] = Newest()
        self.screens = Screens(screens_limit)
        self.links = {name: Link() for name in (*PUBLIC_LINKS, "security")}
        self._snapshot: race_pb2.Snapshot | None = None
        self._heard_ms = 0
        self._predictions: analytics_pb2.PredictionSet | None = None
        self._view: RaceView | None = None
        self.epoch = 0
        """The log whose stage is shown; 0: none yet."""
        self.frames.set(Frame(self._links_event()))

    @property
    def log_time_ms(self) -> int | None:
        """The tick that is shown; None before the first."""
        return self._snapshot.race_time_ms if self._snapshot else None

    def show_stage(self, epoch: int, setup: setup_pb2.StageSetup) -> None:
        """A stage is on; its first snapshot follows."""
        self.epoch = epoch
        self._snapshot = self._view = None
        self.frames.set(Frame(self._newest.links, Event("stage", stage_view(epoch, setup))))

    def show_snapshot(self, snapshot: race_pb2.Snapshot) -> None:
        """A tick of the race closed. One of another stage than the one that is on is left out."""
        if snapshot.name.epoch == self.epoch:
            self._snapshot = snapshot
            self._heard_ms = now_ms()
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
                self.frames.set(replace(self._newest, links=self._links_event(), change=None))

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
        before, self._view = self._view, race_view(self._snapshot, self._predictions, self._heard_ms)
        state = Event("state", self._view.whole(), self._view.event_id)
        change = None
        if before is not None:
            change = Event("change", changes(before, self._view), self._view.event_id)
        self.frames.set(replace(self._newest, state=state, change=change))
        _frames.add(1)
