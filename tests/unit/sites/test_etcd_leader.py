"""Where etcd's leadership belongs: in the standby's region, while every member is well."""

import pytest
from ardoise.pb.sites_pb2 import DatabaseReport, DatabaseRole, EtcdMember, SiteReport
from ardoise.sites.etcd_leader import leader_to_relieve

SITES = ("truck", "amsterdam", "london")
STANDBY = DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY


def report(leader: str, role: DatabaseRole = STANDBY, away: str = "") -> SiteReport:
    """London's."""
    members = [EtcdMember(site=site, healthy=site != away, leader=site == leader) for site in SITES]
    return SiteReport(site="london", database=DatabaseReport(role=role), etcd=members)


@pytest.mark.parametrize("leader", ["truck", "amsterdam"])
def test_the_standbys_region_takes_it_from_the_truck_and_from_the_primarys(leader: str):
    assert leader_to_relieve(report(leader)) == leader


def test_it_keeps_what_it_has():
    assert leader_to_relieve(report("london")) == ""


@pytest.mark.parametrize("role", set(DatabaseRole.values()) - {STANDBY})
def test_nobody_else_takes_it(role: DatabaseRole):
    assert leader_to_relieve(report("truck", role)) == ""


@pytest.mark.parametrize("away", SITES)
def test_with_a_member_away_nothing_is_moved(away: str):
    assert leader_to_relieve(report("truck", away=away)) == ""


def test_without_a_leader_or_an_answer_nothing_is_moved():
    assert leader_to_relieve(report("")) == ""
    assert leader_to_relieve(SiteReport(site="london", database=DatabaseReport(role=STANDBY))) == ""
