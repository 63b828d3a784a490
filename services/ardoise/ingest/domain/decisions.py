"""What race control may decide, given what it has decided. Pure: the log's decisions in, a verdict out."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ardoise.pb.common_pb2 import RaceState
from ardoise.pb.control_pb2 import (
    INCIDENT_KIND_FALL,
    INCIDENT_KIND_MECHANICAL,
    INCIDENT_KIND_PUNCTURE,
    Decision,
    RecordedDecision,
)

MAX_REASON_CHARACTERS = 500
# A decision that holds from yesterday or from tomorrow on is a typing error.
MAX_EFFECTIVE_OFFSET_MS = 24 * 3_600_000

KNOWN_INCIDENTS = frozenset({INCIDENT_KIND_FALL, INCIDENT_KIND_PUNCTURE, INCIDENT_KIND_MECHANICAL})

_NEXT_STATE = {
    "start": RaceState.RACE_STATE_RACING,
    "neutralise": RaceState.RACE_STATE_NEUTRALISED,
    "stop": RaceState.RACE_STATE_STOPPED,
    "resume": RaceState.RACE_STATE_RACING,
    "finish": RaceState.RACE_STATE_FINISHED,
}
_ALLOWED_FROM = {
    "start": {RaceState.RACE_STATE_PREPARED},
    "neutralise": {RaceState.RACE_STATE_RACING},
    "stop": {RaceState.RACE_STATE_RACING, RaceState.RACE_STATE_NEUTRALISED},
    "resume": {RaceState.RACE_STATE_NEUTRALISED, RaceState.RACE_STATE_STOPPED},
    "finish": {RaceState.RACE_STATE_RACING, RaceState.RACE_STATE_NEUTRALISED, RaceState.RACE_STATE_STOPPED},
}


class DecisionRejected(Exception):
    """The decision contradicts the state of the race; the message says what to do instead."""


class DecisionUnknown(Exception):
    """Undo names a decision that is not in this log."""


def decision_id(epoch: int, request_id: str) -> str:
    """Id of the decision that a request makes: the same request, sent again after a crash, makes the same one."""
    return hashlib.blake2b(f"{epoch}:{request_id}".encode(), digest_size=8).hexdigest()


@dataclass
class DecisionLog:
    """The decisions of one epoch, in log order."""

    bibs: frozenset[int]
    recorded: dict[str, RecordedDecision] = field(default_factory=dict)

    def add(self, entry: RecordedDecision) -> None:
        """Takes in a decision that stands in the log. One that is there already is left alone."""
        decision = entry.decision
        if decision.decision_id in self.recorded:
            return
        self.recorded[decision.decision_id] = entry
        if decision.WhichOneof("action") == "undo":
            undone = self.recorded.get(decision.undo.decision_id)
            if undone is not None:
                undone.undone_by = decision.decision_id

    def in_force(self) -> Iterator[Decision]:
        """The decisions that hold, in log order."""
        for entry in self.recorded.values():
            if not entry.undone_by and entry.decision.WhichOneof("action") != "undo":
                yield entry.decision

    def race_state(self) -> RaceState:
        """The state that the decisions in force add up to (kilometre 0 is not theirs to know)."""
        state = RaceState.RACE_STATE_PREPARED
        for decision in self.in_force():
            state = _NEXT_STATE.get(decision.WhichOneof("action"), state)
        return state

    def check(self, decision: Decision, now_ms: int) -> None:
        """Raises DecisionRejected or DecisionUnknown where the decision cannot be taken now; ValueError for a field."""
        action = decision.WhichOneof("action")
        if action is None:
            raise ValueError("action: say what was decided")
        if len(decision.reason) > MAX_REASON_CHARACTERS:
            raise ValueError(f"reason: at most {MAX_REASON_CHARACTERS} characters")
        if abs(decision.effective_time_ms - now_ms) > MAX_EFFECTIVE_OFFSET_MS:
            raise ValueError("effective_time_ms: more than a day from the log's time")
        if action in _ALLOWED_FROM:
            self._check_transition(action)
        elif action == "undo":
            self._check_undo(decision.undo.decision_id)
        else:
            self._check_rider(decision, action)

    def _check_transition(self, action: str) -> None:
        state = self.race_state()
        if state not in _ALLOWED_FROM[action]:
            name = RaceState.Name(state).removeprefix("RACE_STATE_").lower()
            raise DecisionRejected(
                f"the race is {name}: {action} does not follow from that (undo what was wrong)"
            )

    def _check_undo(self, wanted: str) -> None:
        found = self.recorded.get(wanted)
        if found is None:
            raise DecisionUnknown(f"no decision {wanted!r} in this log")
        if found.decision.WhichOneof("action") == "undo":
            raise DecisionRejected("an undo cannot be undone: take the decision again")
        if found.undone_by:
            raise DecisionRejected(f"{wanted} does not hold any more: {found.undone_by} undid it")

    def _check_rider(self, decision: Decision, action: str) -> None:
        bib = getattr(decision, action).bib
        if bib not in self.bibs and not (action == "assign" and bib == 0):
            raise DecisionRejected(f"no rider with bib {bib} in this stage")
        if action == "abandon" and any(
            other.WhichOneof("action") == "abandon" and other.abandon.bib == bib for other in self.in_force()
        ):
            raise DecisionRejected(f"bib {bib} has already left the race")
        if action == "assign" and not decision.assign.tracker:
            raise ValueError("assign.tracker: the tracker's number")
        if action == "incident" and decision.incident.kind not in KNOWN_INCIDENTS:
            raise ValueError("incident.kind: a fall, a puncture or a mechanical")
