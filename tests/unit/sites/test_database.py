"""What a region's server of the database is, as its Patroni answered on real clusters."""

from ardoise.pb.sites_pb2 import DatabaseRole
from ardoise.sites.database import database_report

CLUSTER = {
    "members": [
        {"name": "amsterdam", "role": "leader", "state": "running"},
        {"name": "london", "role": "sync_standby", "state": "streaming"},
    ]
}
PRIMARY = {"state": "running", "role": "primary", "timeline": 1}
REPLICA = {"state": "running", "role": "replica", "timeline": 1}


def test_a_primary_and_its_synchronous_standby_are_told_apart():
    amsterdam = database_report("amsterdam", PRIMARY, CLUSTER)
    london = database_report("london", REPLICA, CLUSTER)
    assert (amsterdam.role, amsterdam.primary) == (DatabaseRole.DATABASE_ROLE_PRIMARY, "amsterdam")
    assert (london.role, london.primary) == (DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY, "amsterdam")


def test_a_primary_that_stepped_down_is_none_whatever_etcd_said_last():
    report = database_report("amsterdam", REPLICA, CLUSTER)
    assert (report.role, report.primary) == (DatabaseRole.DATABASE_ROLE_STANDBY, "")


def test_a_standby_that_etcd_does_not_call_synchronous_may_lack_decisions():
    cluster = {"members": [CLUSTER["members"][0], {"name": "london", "role": "replica"}]}
    assert database_report("london", REPLICA, cluster).role == DatabaseRole.DATABASE_ROLE_STANDBY


def test_a_server_that_does_not_run_is_stopped():
    stopped = {"state": "stopped", "role": "replica"}
    assert database_report("london", stopped, CLUSTER).role == DatabaseRole.DATABASE_ROLE_STOPPED


def test_patroni_that_knows_no_cluster_yet_names_no_primary():
    report = database_report("london", {"state": "starting"}, {})
    assert (report.role, report.primary) == (DatabaseRole.DATABASE_ROLE_STOPPED, "")


def test_how_far_a_servers_write_ahead_log_goes_is_what_it_wrote_or_received():
    primary = database_report("amsterdam", {**PRIMARY, "xlog": {"location": 83886760}}, CLUSTER)
    standby = {**REPLICA, "xlog": {"received_location": 83886408, "replayed_location": 83886000}}
    assert primary.wal_position == 83886760
    assert database_report("london", standby, CLUSTER).wal_position == 83886408
    from_files = {**REPLICA, "xlog": {"received_location": 0, "replayed_location": 83886000}}
    assert database_report("london", from_files, CLUSTER).wal_position == 83886000


def test_a_server_that_does_not_run_says_nothing_of_how_far_it_goes():
    stopped = database_report("london", {"state": "stopped", "role": "replica"}, CLUSTER)
    assert not stopped.HasField("wal_position")
