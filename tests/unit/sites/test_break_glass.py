"""Which order to force a region is accepted; what is done then is tried on a real etcd and Patroni."""

from collections.abc import Callable
from pathlib import Path

import pytest
from ardoise.pb.sites_pb2 import BreakGlassRequest, SitesStatus
from ardoise.sites.break_glass import Beside, BreakGlass, Refused
from ardoise.sites.keeper_settings import DATA
from ardoise.sites.topology import Site, SiteKind

LONDON = Site(
    name="london",
    kind=SiteKind.REGION,
    nats="h:1",
    etcd="h:2",
    positioning="h:3",
    sites="h:4",
    patroni="h:5",
    postgres="h:6",
)


def alone() -> SitesStatus:
    """London, which has no majority and no primary."""
    status = SitesStatus(seen_from="london")
    status.sites.add(site="london", region=True).report.etcd.add(site="london", answers=True)
    status.promotions.add(region="london")
    return status


@pytest.fixture
def process(tmp_path: Path) -> Callable[[], BreakGlass]:
    """Of `sites` in London, as it starts again: with nothing but what is on its disk."""
    (tmp_path / DATA).mkdir()
    return lambda: BreakGlass(LONDON, tmp_path, Beside(tmp_path, tmp_path, None), None, None, alone)


def order(request_id: str) -> BreakGlassRequest:
    return BreakGlassRequest(request_id=request_id, region="london", accepted_loss="Unknown")


def test_an_order_that_comes_again_is_the_one_that_was_accepted(process: Callable[[], BreakGlass]):
    process().accept(order("first"), "marie.dupont")
    assert process().accept(order("first"), "somebody else").author == "marie.dupont"


def test_another_order_waits_for_the_one_that_goes_on(process: Callable[[], BreakGlass]):
    process().accept(order("first"), "marie.dupont")
    with pytest.raises(Refused, match="operation first is still"):
        process().accept(order("second"), "marie.dupont")


def test_an_order_that_comes_late_is_not_carried_out_again(process: Callable[[], BreakGlass]):
    for request_id in ("first", "second", "third"):
        accepting = process()
        accepting.accept(order(request_id), "marie.dupont")
        accepting.newest.now = ""
        accepting._keep(accepting.newest)
    for request_id in ("first", "second"):
        with pytest.raises(Refused, match=f"operation {request_id} was accepted before, and another since"):
            process().accept(order(request_id), "marie.dupont")
    assert process().newest.request_id == "third"
