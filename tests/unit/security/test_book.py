"""What lists and watches are answered from."""

from ardoise.security.domain import book as limits
from ardoise.security.domain.alert import Acknowledgement, Alert, Severity
from ardoise.security.domain.book import AlertBook


def alert(number: int, severity: Severity = Severity.WARNING) -> Alert:
    return Alert(
        f"a{number}", "rule", f"tracker:{number}", severity, "Title", "Action", 1, number, number, 1, number
    )


def acknowledged(number: int, severity: Severity = Severity.WARNING, author: str = "ana") -> Acknowledgement:
    return Acknowledgement(f"r{number}{author}", f"a{number}", author, "seen to", severity, 1)


def names(entries) -> list[str]:
    return [entry.alert.alert_id for entry in entries]


def filled(number: int) -> AlertBook:
    book = AlertBook()
    book.record(alert(n) for n in range(number))
    return book


def test_pages_are_newest_first_and_meet_end_to_end():
    book = filled(5)
    first = book.page(3, None, open_only=False)
    assert names(first) == ["a4", "a3", "a2"]
    book.record([alert(9)])
    assert names(book.page(3, first[-1].number, open_only=False)) == ["a1", "a0"]


def test_acknowledging_between_two_pages_skips_no_open_alert():
    book = filled(5)
    first = book.page(2, None, open_only=True)
    book.acknowledge(acknowledged(4))
    assert names(book.page(2, first[-1].number, open_only=True)) == ["a2", "a1"]


def test_an_acknowledged_alert_is_not_open():
    book = filled(2)
    book.acknowledge(acknowledged(0))
    assert names(book.open_alerts()) == ["a1"]


def test_the_first_acknowledgement_stands():
    book = filled(1)
    book.acknowledge(acknowledged(0, author="ana"))
    entry = book.acknowledge(acknowledged(0, author="bob"))
    assert entry.acknowledgement.author == "ana"


def test_an_alert_that_became_worse_is_open_again():
    book = AlertBook()
    growing = alert(0)
    book.record([growing])
    book.acknowledge(acknowledged(0))
    growing.count += 1
    book.record([growing])
    assert not book.get("a0").open
    growing.severity = Severity.CRITICAL
    book.record([growing])
    assert book.get("a0").open
    entry = book.acknowledge(acknowledged(0, Severity.CRITICAL, author="bob"))
    assert not entry.open
    assert entry.acknowledgement.author == "bob"


def test_a_change_is_told_once_as_it_is_now():
    book = filled(3)
    revision = book.revision
    book.record([alert(1)])
    book.record([alert(1)])
    book.acknowledge(acknowledged(0))
    assert names(book.changed_since(revision)) == ["a1", "a0"]
    assert book.changed_since(book.revision) == []


def test_nobody_acknowledges_an_alert_that_is_not_there():
    assert filled(1).acknowledge(acknowledged(7)) is None


def test_at_the_bound_the_least_important_go_first():
    book = AlertBook()
    book.record([alert(0, Severity.CRITICAL), alert(1, Severity.INFO), alert(2, Severity.CRITICAL)])
    book.acknowledge(acknowledged(0, Severity.CRITICAL))
    book.record(alert(number) for number in range(10, 10 + limits.MOST_ALERTS - 3))
    assert len(book) == limits.MOST_ALERTS
    for gone in ("a0", "a1", "a10"):
        book.record([alert(int(gone[1:]) + 100_000, Severity.CRITICAL)])
        assert book.get(gone) is None
        assert len(book) == limits.MOST_ALERTS
    assert book.get("a2") is not None
