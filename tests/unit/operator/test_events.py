"""Which events a person is told of, from one status to the next."""

from dataclasses import replace

from ardoise.pb.sites_pb2 import Truth
from ardoise.sites.operations.acting import Told
from ardoise.sites.operations.record import Done, Ended, Kind, Loss, Operation, Outcome, Step
from ardoise.sites.operations.situation import Verdict
from ardoise_operator.events import MOST_CHARACTERS, Note, notes

from tests.support.operator_looks import SILENT, race, reports, sight, site, status

NOON_MS = 1783425600000
READY = Verdict(Truth.TRUTH_YES, "AsWished", "amsterdam is primary")
IDLE = Told(None, None, (), READY, Verdict(Truth.TRUTH_NO, "Aligned", ""), True)
RUNNING = Operation("w-1", Kind.SWITCHOVER, "amsterdam", "london", Step.SWITCHING, NOON_MS, 1)
MOVED = Ended(
    *("w-1", Kind.SWITCHOVER, "amsterdam", "london", Outcome.MOVED, "", NOON_MS, NOON_MS + 5000, 2),
    interrupted_ms=2450,
    loss=Loss(messages=0, replayed=0, decisions=0),
)
GOOD = sight(status(reports()))


def reasons(found: list[Note]) -> list[tuple[str, str]]:
    return [(one.type, one.reason) for one in found]


def told(**changes: object) -> Told:
    return replace(IDLE, **changes)


def test_looks_that_see_the_same_make_none():
    assert notes("Replication", race(GOOD, told=IDLE), race(GOOD, told=IDLE)) == []
    assert notes("Site", site("london", GOOD), site("london", GOOD)) == []


def test_a_new_object_of_a_good_day_makes_none():
    assert notes("Replication", {}, race(GOOD, told=told(history=(MOVED,)))) == []
    assert notes("Site", {}, site("truck", GOOD)) == []


def test_a_new_object_that_is_wrong_makes_one():
    found = reports()
    found["london"].mirrors[0].state = "stuck"
    assert reasons(notes("Site", {}, site("london", sight(status(found))))) == [("Warning", "Degraded")]


def test_a_site_that_falls_silent_and_comes_back_makes_one_each():
    found = reports()
    del found["london"]
    well, silent = site("london", GOOD), site("london", sight(status(found)))
    assert reasons(notes("Site", well, silent)) == [("Warning", "SiteSilent")]
    assert reasons(notes("Site", silent, well)) == [("Normal", "SiteBack")]


def test_sites_that_falls_silent_is_one_change_and_so_is_its_end():
    before, after = race(GOOD, told=IDLE), race(sight(SILENT), told=IDLE)
    assert notes("Replication", before, after) == [Note("Warning", "SitesSilent", SILENT.message)]
    assert reasons(notes("Replication", after, before)) == [
        ("Normal", "SeenAgain"),
        ("Normal", "PrimarySeen"),
    ]
    assert reasons(notes("Site", site("truck", GOOD), site("truck", sight(SILENT)))) == [
        ("Warning", "SitesSilent")
    ]


def test_what_is_wrong_after_a_silence_is_told_by_itself():
    found = reports()
    del found["london"]
    after = race(sight(status(found)), told=IDLE)
    said = reasons(notes("Replication", race(sight(SILENT), told=IDLE), after))
    assert said[:2] == [("Normal", "SeenAgain"), ("Warning", "PromotionBlocked")]
    assert ("Warning", "Degraded") in said


def test_pictures_that_cannot_be_compared_warn_nobody():
    quiet = status(reports())
    for one in quiet.conditions:
        if one.type == "PicturesEqual":
            one.status = Truth.TRUTH_UNSPECIFIED
    found = notes("Replication", race(GOOD, told=IDLE), race(sight(quiet), told=IDLE))
    assert reasons(found) == [("Normal", "PicturesEqualUnknown")]


def test_another_primary_is_told_also_where_none_was_seen_in_between():
    amsterdam, london = race(GOOD, told=IDLE), race(sight(status(reports("london"))), told=IDLE)
    assert reasons(notes("Replication", amsterdam, london)) == [("Normal", "PrimaryChanged")]
    nobody = race(sight(SILENT), told=IDLE)
    assert ("Normal", "PrimarySeen") in reasons(notes("Replication", nobody, london))
    assert "PrimarySeen" not in dict(reasons(notes("Replication", amsterdam, nobody))).values()


def test_an_operation_is_told_when_it_begins_at_each_step_and_when_it_has_ended():
    idle = race(GOOD, told=IDLE)
    begun = race(GOOD, told=told(operation=RUNNING))
    assert reasons(notes("Replication", idle, begun)) == [("Normal", "OperationBegun")]
    step = replace(RUNNING, step="Rejoining", steps=(Done("Switching", NOON_MS + 2450, "promoted"),))
    on_its_way = race(GOOD, told=told(operation=step))
    found = notes("Replication", begun, on_its_way)
    assert [one.message for one in found] == [
        "Switchover w-1: Switching is over, promoted",
        "Switchover w-1: Rejoining",
    ]
    ended = race(GOOD, told=told(history=(MOVED,)))
    (over,) = notes("Replication", on_its_way, ended)
    assert over.reason == "OperationEnded"
    assert over.message.startswith("Switchover w-1 to london: Moved; writes stood for 2450 ms, 0 messages")


def test_a_record_that_could_not_be_read_for_a_while_is_told_of_once():
    """Without a majority of etcd, in this operator and in one that starts anew then."""
    before = race(GOOD, told=told(operation=RUNNING, history=(MOVED,)))
    unread = race(GOOD, before, told(acting=None))
    read_again = race(GOOD, unread, told(operation=RUNNING, history=(MOVED,)))
    assert notes("Replication", unread, read_again) == []


def test_a_wish_that_was_refused_is_told_once_with_its_reason():
    refused = replace(MOVED, id="w-2", outcome="Refused", reason="london is 4000 messages behind")
    before, after = race(GOOD, told=told(history=(MOVED,))), race(GOOD, told=told(history=(refused, MOVED)))
    (note,) = notes("Replication", before, after)
    assert note == Note("Warning", "WishRefused", "Switchover w-2 to london: london is 4000 messages behind")
    assert notes("Replication", after, after) == []


def test_a_message_is_no_longer_than_the_api_server_takes():
    refused = replace(MOVED, id="w-2", outcome="Refused", reason="x" * 4000)
    (note,) = notes("Replication", race(GOOD, told=IDLE), race(GOOD, told=told(history=(refused,))))
    assert len(note.message) == MOST_CHARACTERS
