"""`ardoise sites status` for people: whose view is shown, and what stands out in it."""

import re

from ardoise.cli.sites_status import best_view, print_status
from ardoise.pb.sites_pb2 import SitesStatus
from rich.console import Console

from tests.unit.sites.test_status import HEALTHY, SYNCHRONOUS, report, status_of


def shown(status: SitesStatus) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        print_status(status, console)
    return captured.get()


def test_where_the_regions_do_not_hear_each_other_the_truck_is_shown_which_hears_both():
    truck = status_of(HEALTHY, seen_from="truck")
    amsterdam = status_of(HEALTHY[:2], seen_from="amsterdam")
    london = status_of((HEALTHY[0], HEALTHY[2]), seen_from="london")
    assert best_view((amsterdam, truck, london)) is truck


def test_of_sites_that_hear_as_much_a_region_with_a_primary_is_shown():
    truck = status_of(HEALTHY[:1], seen_from="truck")
    amsterdam = status_of(HEALTHY[1:2], seen_from="amsterdam")
    london = status_of(HEALTHY[2:], seen_from="london")
    assert best_view((truck, london, amsterdam)) is amsterdam
    assert best_view((truck, london)) is london


def test_what_is_as_it_should_be_is_marked_so_whether_that_is_yes_or_no():
    said = shown(status_of(HEALTHY))
    assert "could london take over now, without loss? yes" in said
    assert re.search(r"^ok +Protected +yes", said, re.MULTILINE)
    assert re.search(r"^ok +Degraded +NO", said, re.MULTILINE)
    assert re.search(r"^ \? +PicturesEqual +Unknown", said, re.MULTILINE)
    assert " ! " not in said


def test_what_is_not_is_marked_too_and_silence_has_its_moment():
    silent = report("london", 60, SYNCHRONOUS, 60)
    silent.mirrors.add(stream="LOG_7", state="stuck")
    status = status_of((HEALTHY[1], silent))
    status.sites[0].silent_since_ms = 1_782_561_600_000
    said = shown(status)
    assert re.search(r"truck +no, since 12:00:00 UTC +Unknown", said)
    assert re.search(r"^ ! +Degraded +yes +truck does not answer; london: LOG_7 stuck", said, re.MULTILINE)
