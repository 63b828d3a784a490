"""What etcd, Patroni and PostgreSQL are told: the same timing everywhere, and no port without certificates."""

from pathlib import Path

import pytest
from ardoise.chassis.identity import Credentials
from ardoise.up import etcd, patroni
from ardoise.up.etcd import EtcdMember
from ardoise.up.patroni import PatroniMember
from ardoise.up.programs import Programs

IDENTITY = Credentials(Path("/id/ca.pem"), Path("/id/patroni.pem"), Path("/id/patroni.key"))
DATA_PLANE = Credentials(Path("/dp/ca.pem"), Path("/dp/patroni.pem"), Path("/dp/patroni.key"))
MEMBERS = tuple(
    EtcdMember(site, f"10.0.0.{number}") for number, site in enumerate(("truck", "amsterdam", "london"))
)
PROGRAMS = Programs(Path("/programs"))


def member(site: str = "amsterdam", nats_url: str = "tls://10.0.0.1:4222") -> PatroniMember:
    clients = tuple(each.client for each in MEMBERS)
    return PatroniMember(site, "10.0.0.1", Path("/state") / site, IDENTITY, DATA_PLANE, clients, nats_url)


def test_each_etcd_member_knows_all_and_asks_everybody_for_a_certificate():
    for each in MEMBERS:
        said = etcd.configuration(each, MEMBERS, DATA_PLANE, Path("/state"))
        assert (said["heartbeat-interval"], said["election-timeout"]) == (300, 3000)
        assert said["initial-cluster"].count("https://") == len(MEMBERS)
        for port in ("client-transport-security", "peer-transport-security"):
            assert said[port]["client-cert-auth"] is True
            assert said[port]["trusted-ca-file"] == "/dp/ca.pem"
        urls = [value for name, value in said.items() if name.endswith("-urls")]
        assert all(url.startswith("https://") for url in urls)


def test_patronis_timing_keeps_its_own_rule():
    dcs = patroni.configuration(member(), PROGRAMS)["bootstrap"]["dcs"]
    assert (dcs["ttl"], dcs["loop_wait"], dcs["retry_timeout"]) == (20, 2, 7)
    assert dcs["retry_timeout"] > 2 * etcd.ELECTION_MS / 1000
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]


def test_only_a_synchronous_member_is_promoted_and_the_set_never_stops_writes():
    dcs = patroni.configuration(member(), PROGRAMS)["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"] is True
    assert dcs["synchronous_mode_strict"] is False
    assert dcs["failsafe_mode"] is True


def test_who_may_ask_etcd_and_patroni_is_of_another_ca_than_who_may_ask_the_database():
    said = patroni.configuration(member(), PROGRAMS)
    assert said["restapi"]["cafile"] == said["ctl"]["cacert"] == said["etcd3"]["cacert"] == "/dp/ca.pem"
    assert said["postgresql"]["parameters"]["ssl_ca_file"] == "/id/ca.pem"


def test_the_database_is_reached_over_the_network_by_certificate_only():
    said = patroni.configuration(member(), PROGRAMS)
    assert said["restapi"]["verify_client"] == "required"
    assert said["etcd3"]["protocol"] == "https"
    for line in said["postgresql"]["pg_hba"]:
        assert line.startswith("local ") or (line.startswith("hostssl ") and " cert " in line), line
    assert not any(line.endswith(" postgres") for line in said["postgresql"]["pg_ident"])


def test_the_hooks_are_there_for_a_region_and_not_for_bare_patroni():
    hooks = {"pre_promote", "bin_name", "create_replica_methods"}
    assert hooks <= patroni.configuration(member(), PROGRAMS)["postgresql"].keys()
    assert not hooks & patroni.configuration(member(nats_url=""), PROGRAMS)["postgresql"].keys()


@pytest.mark.parametrize("host", ["10.0.0.1", "127.20.0.2"])
def test_what_one_member_says_of_itself_is_where_it_listens(host: str):
    said = patroni.configuration(
        PatroniMember("london", host, Path("/s"), IDENTITY, DATA_PLANE, (), ""), PROGRAMS
    )
    for part in ("restapi", "postgresql"):
        assert said[part]["listen"] == said[part]["connect_address"]
        assert said[part]["listen"].startswith(f"{host}:")
