"""Who rides with which tracker, as the log says it."""

from ardoise.ingest.domain.assignments import assignments
from ardoise.pb.control_pb2 import AssignTracker, Decision, StartRace
from ardoise.pb.setup_pb2 import TrackerAssignment


def assign(at_ms: int, tracker: int, bib: int) -> Decision:
    return Decision(effective_time_ms=at_ms, assign=AssignTracker(tracker=tracker, bib=bib))


def test_a_change_of_bikes_ends_the_old_trackers_span_where_the_new_ones_begins():
    planned = [TrackerAssignment(tracker=9001, bib=1), TrackerAssignment(tracker=9002, bib=2)]
    changed = [assign(5_000, 7, 1), Decision(start=StartRace()), assign(9_000, 7, 0)]
    assert assignments(planned, changed) == [
        TrackerAssignment(tracker=7, bib=1, valid_from_ms=5_000, valid_until_ms=9_000),
        TrackerAssignment(tracker=9001, bib=1, valid_until_ms=5_000),
        TrackerAssignment(tracker=9002, bib=2),
    ]


def test_without_decisions_it_is_the_plan():
    planned = [TrackerAssignment(tracker=9001, bib=1, valid_from_ms=1, valid_until_ms=2)]
    assert assignments(planned, []) == planned
