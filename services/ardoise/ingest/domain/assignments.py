"""Which tracker is on whose bike, as the log says it: the engine's own rule, on a log's set-up and decisions. Pure."""

from collections.abc import Iterable

from ardoise.pb.control_pb2 import Decision
from ardoise.pb.setup_pb2 import TrackerAssignment
from ardoise.race import stage
from ardoise.race.trackers import spans_of


def assignments(
    planned: Iterable[TrackerAssignment], decisions: Iterable[Decision]
) -> list[TrackerAssignment]:
    """`decisions`: those in force, in log order. By tracker, then by time."""
    spans = spans_of(
        [
            stage.Assignment(
                one.tracker,
                one.bib,
                one.valid_from_ms if one.HasField("valid_from_ms") else None,
                one.valid_until_ms if one.HasField("valid_until_ms") else None,
            )
            for one in planned
        ],
        [
            stage.Decision(
                one.decision_id,
                stage.Action.ASSIGN,
                one.effective_time_ms,
                bib=one.assign.bib,
                tracker=one.assign.tracker,
            )
            for one in decisions
            if one.WhichOneof("action") == "assign"
        ],
    )
    return [
        TrackerAssignment(
            tracker=span.tracker,
            bib=span.bib,
            valid_from_ms=span.valid_from_ms,
            valid_until_ms=span.valid_until_ms,
        )
        for span in sorted(spans, key=lambda span: span.tracker)
    ]
