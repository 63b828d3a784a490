"""What race control decided, and what follows from it: undone decisions never were."""

from ardoise.race.stage import Action, Decision, RaceState

MOST_DECISIONS = 10_000
"""A stage has some dozens."""

_STATE_AFTER = {
    Action.START: RaceState.NEUTRALISED,
    Action.NEUTRALISE: RaceState.NEUTRALISED,
    Action.STOP: RaceState.STOPPED,
    Action.RESUME: RaceState.RACING,
    Action.FINISH: RaceState.FINISHED,
}


class Decisions:
    """The decisions in log order. Everything below is derived anew from those that hold."""

    def __init__(self) -> None:
        self.taken: list[Decision] = []
        self._derive()

    def take(self, decision: Decision) -> None:
        if len(self.taken) < MOST_DECISIONS:
            self.taken.append(decision)
            self._derive()

    def state(self, time_ms: int, kilometre_zero_ms: int | None) -> RaceState:
        """State of the race at an instant of log time.

        `kilometre_zero_ms`: when the first rider passed kilometre 0; that ends the neutral zone.
        """
        state = RaceState.PREPARED
        rolling = False
        for decision in self._state_changes:
            if decision.effective_time_ms > time_ms:
                break
            state = _STATE_AFTER[decision.action]
            rolling = decision.action is Action.START
        if rolling and kilometre_zero_ms is not None and kilometre_zero_ms <= time_ms:
            return RaceState.RACING
        return state

    def start_ms(self, time_ms: int) -> int | None:
        """When the race started, if it has by this instant."""
        for decision in self._state_changes:
            if decision.action is Action.START and decision.effective_time_ms <= time_ms:
                return decision.effective_time_ms
        return None

    def abandoned(self, time_ms: int) -> set[int]:
        """Bibs that have left the race by this instant."""
        return {bib for bib, from_ms in self._abandons.items() if from_ms <= time_ms}

    def incidents(self, time_ms: int) -> list[Decision]:
        """The incidents by this instant, in log order; each holds at the instant at which it happened."""
        return [d for d in self.holding if d.action is Action.INCIDENT and d.effective_time_ms <= time_ms]

    def _derive(self) -> None:
        undone: set[str] = set()
        # From the last to the first: an undo that was itself undone undoes nothing.
        for decision in reversed(self.taken):
            if decision.action is Action.UNDO and decision.decision_id not in undone:
                undone.add(decision.undone_id)
        self.holding = [d for d in self.taken if d.decision_id not in undone]
        by_time = sorted(self.holding, key=lambda d: d.effective_time_ms)
        self._state_changes = [d for d in by_time if d.action in _STATE_AFTER]
        self._abandons: dict[int, int] = {}
        self.corrections: dict[int, int | None] = {}
        """By bib: the instant at the line, None for a rider who has not finished."""
        for decision in self.holding:
            if decision.action is Action.ABANDON:
                self._abandons.setdefault(decision.bib, decision.effective_time_ms)
            elif decision.action is Action.CORRECT:
                self.corrections[decision.bib] = decision.finish_time_ms
