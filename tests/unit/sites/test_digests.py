"""Snapshots of the same name, compared between sites."""

from ardoise.pb.sites_pb2 import DigestReport
from ardoise.sites.digests import MOST_DIFFERING, ON_THEIR_WAY_S, TICKS_KEPT, Digests

SITES = ("truck", "amsterdam", "london")


def tick(sequence: int, digest: bytes = b"same", version: str = "1") -> DigestReport:
    report = DigestReport(digest=digest, race_time_ms=sequence * 250)
    report.name.engine_version, report.name.epoch, report.name.sequence = version, 7, sequence
    return report


LATER = [tick(4 * ON_THEIR_WAY_S + 3)]
"""What makes the first second old enough to count."""


def test_a_name_is_compared_once_every_answering_site_has_reported_it():
    digests = Digests()
    digests.add("truck", [tick(1), tick(2)])
    digests.add("amsterdam", [tick(1), tick(2)])
    for site in ("truck", "amsterdam"):
        digests.add(site, LATER)
    digests.compare(SITES)
    assert (digests.status().seconds, digests.status().seconds_compared) == (1, 0)
    digests.add("london", [tick(1)])
    digests.compare(SITES)
    assert (digests.status().seconds, digests.status().seconds_compared) == (1, 1)


def test_a_site_that_does_not_answer_is_not_waited_for():
    digests = Digests()
    for site in ("truck", "london"):
        digests.add(site, [tick(1), *LATER])
    digests.compare(("truck", "london"))
    assert digests.status().seconds_compared == 1


def test_what_one_site_alone_says_is_not_compared():
    digests = Digests()
    digests.add("truck", [tick(1), *LATER])
    digests.compare(("truck",))
    assert (digests.status().seconds, digests.status().seconds_compared) == (1, 0)


def test_a_difference_is_told_once_and_stays_in_the_status():
    digests = Digests()
    digests.add("truck", [tick(1), tick(2)])
    digests.add("london", [tick(1, b"other"), tick(2)])
    assert digests.compare(("truck", "london")) == [("1", 7, 1)]
    assert digests.compare(("truck", "london")) == []
    (differing,) = digests.status().differing
    assert differing.sequence == 1


def test_another_engine_makes_another_name_and_no_difference():
    digests = Digests()
    digests.add("truck", [tick(1, b"old")])
    digests.add("london", [tick(1, b"new", version="2")])
    assert digests.compare(("truck", "london")) == []


def test_what_is_kept_is_bounded():
    digests = Digests()
    for sequence in range(TICKS_KEPT + 50):
        digests.add("truck", [tick(sequence)])
        digests.add("london", [tick(sequence, b"other")])
        digests.compare(("truck", "london"))
    status = digests.status()
    seconds = TICKS_KEPT // 4 - ON_THEIR_WAY_S
    assert seconds <= status.seconds_compared <= seconds + 1
    assert len(status.differing) == MOST_DIFFERING
