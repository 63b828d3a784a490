"""What both operators share stands in etcd as JSON, and comes back as it was."""

import pytest
from ardoise.sites.operations.record import (
    Before,
    Done,
    Ended,
    Kind,
    Loss,
    Operation,
    Outcome,
    Record,
    Step,
    Wish,
)

BEFORE = Before(((7, 90),), ((7, 1, 98),))
RECORD = Record(
    primary="london",
    timeline=2,
    changed_ms=5_000,
    settled="r1",
    operation=Operation(
        "failover-2", Kind.FAILOVER, "amsterdam", "london", Step.REJOINING, 5_000, 1, "", (), 20_100, BEFORE
    ),
    history=(
        Ended(
            "r1",
            Kind.SWITCHOVER,
            "london",
            "amsterdam",
            Outcome.MOVED,
            "london follows",
            1_000,
            2_000,
            1,
            loss=Loss(0, ((7, 91, 92),), 8, None),
            before=BEFORE,
        ),
    ),
)


@pytest.mark.parametrize("record", [Record(), RECORD], ids=["empty", "full"])
def test_a_record_comes_back_as_it_was(record: Record):
    assert Record.from_json(record.to_json()) == record


def test_steps_come_back_as_they_were():
    done = Done(Step.SWITCHING, 6_000, "Successfully switched over")
    operation = Operation(
        "r2", Kind.SWITCHOVER, "amsterdam", "london", Step.REJOINING, 5_000, 1, steps=(done,)
    )
    assert Record.from_json(Record(operation=operation).to_json()).operation == operation


def test_a_wish_comes_back_as_it_was():
    wish = Wish("r3", "london", "Unknown")
    assert Wish.from_json(wish.to_json()) == wish


@pytest.mark.parametrize("text", ["[]", "{}", '{"operation": null, "history": [], "colour": 1}', "nonsense"])
def test_what_is_no_record_is_refused(text: str):
    with pytest.raises(ValueError, match="no record of operations"):
        Record.from_json(text)


@pytest.mark.parametrize("text", ["[]", "{}", "nonsense"])
def test_what_is_no_wish_is_refused(text: str):
    with pytest.raises(ValueError, match="no Wish"):
        Wish.from_json(text)
