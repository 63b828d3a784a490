"""A server in a pod is told what it is told by `ardoise sites up`, but for where it listens and where its log goes."""

import json
import os
from pathlib import Path

import pytest
from ardoise.chassis.identity import Credentials
from ardoise.chassis.nats_config import server_config
from ardoise.sites.settings import SitesSettings
from ardoise.sites.topology import Topology, read_topology
from ardoise.trackers.app import RELAY_ID
from ardoise.up import etcd, patroni, pod
from ardoise.up.etcd import members_of, stand_ins_of
from ardoise.up.identities import GATEWAY, hosts_in_cluster, make_for_clusters
from ardoise.up.patroni import PatroniMember
from ardoise.up.three_sites import topology
from cryptography import x509

ADDRESSES = {"truck": "truck.example", "amsterdam": "10.200.0.2", "london": "10.200.0.3"}
SITES = topology(ADDRESSES)
IDENTITY = Credentials(Path("/id/ca.pem"), Path("/id/x.pem"), Path("/id/x.key"))


@pytest.fixture
def sites_file(tmp_path: Path) -> Path:
    file = tmp_path / "sites.yaml"
    file.write_text(json.dumps(SITES.model_dump(mode="json")))
    return file


@pytest.fixture
def identities(tmp_path: Path) -> Path:
    make_for_clusters(SITES, tmp_path / "made", "ardoise", ["race"])
    return tmp_path / "made"


def settings(site: str, sites_file: Path, identities: Path) -> SitesSettings:
    return SitesSettings(
        site=site,
        sites_file=sites_file,
        state_dir=sites_file.parent / "state",
        identity_dir=identities / site,
    )


def differing(one: dict, other: dict) -> set[str]:
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


def test_etcd_differs_in_where_it_listens_and_says_over_plain_http_how_it_is():
    member = members_of(SITES)["london"]
    plain = dict(etcd.configuration(member, tuple(members_of(SITES).values()), IDENTITY, Path("/state")))
    in_pod = pod.etcd_config(member, plain, 2381)
    assert differing(plain, in_pod) == {
        "listen-client-urls",
        "listen-peer-urls",
        "listen-metrics-urls",
        "PeerTLSInfo",
    }
    assert in_pod["peer-transport-security"]["allowed-hostname"] == ["etcd"], "what stands in its place"
    assert in_pod["listen-peer-urls"] == "https://0.0.0.0:2380"
    assert in_pod["advertise-client-urls"] == "https://10.200.0.3:2379"


def test_patroni_differs_in_where_it_listens():
    member = PatroniMember(
        "london", "10.200.0.3", Path("/s"), IDENTITY, IDENTITY, (), "tls://ardoise-nats:4222"
    )
    plain = dict(patroni.configuration(member, pod.PROGRAMS))
    in_pod = pod.patroni_config(member, plain)
    assert differing(plain, in_pod) == {"restapi", "postgresql"}
    for server, port in (("restapi", 8008), ("postgresql", 5432)):
        assert differing(plain[server], in_pod[server]) == {"listen"}
        assert in_pod[server]["listen"] == f"0.0.0.0:{port}"
        assert in_pod[server]["connect_address"] == f"10.200.0.3:{port}"


def test_a_patroni_that_is_not_to_found_a_database_is_not_told_how():
    member = PatroniMember("london", "10.200.0.3", Path("/s"), IDENTITY, IDENTITY, (), "")
    plain = dict(patroni.configuration(member, pod.PROGRAMS))
    assert "bootstrap" in pod.patroni_config(member, plain)
    assert "bootstrap" not in pod.patroni_config(member, plain, founds=False)


def test_nats_server_logs_to_the_pods_log_and_is_asked_over_plain_http_how_it_is(
    sites_file: Path, identities: Path
):
    told = settings("truck", sites_file, identities)
    said = pod.nats_config(told, SITES.edge, SITES, Path("/state/nats"))
    assert 'http: "0.0.0.0:8222"' in said
    assert "log_file" not in said
    assert 'url: "tls://10.200.0.3:7422"' in said
    assert "log_file" in server_config(Path("/s"), "truck", "127.0.0.1:4222", None, pod.Leaves())


def test_a_trucks_nats_server_takes_phones_in_where_that_is_set(sites_file: Path, identities: Path):
    told = settings("truck", sites_file, identities)
    assert "mqtt" not in pod.nats_config(told, SITES.edge, SITES, sites_file.parent / "nats")
    told = told.model_copy(update={"mqtt_listen": "0.0.0.0:8883", "mqtt_phones": "anne,ben"})
    said = pod.nats_config(told, SITES.edge, SITES, sites_file.parent / "nats")
    assert 'mqtt { listen: "0.0.0.0:8883"' in said
    assert (
        f'cert_file: "{identities / "truck" / "nats.pem"}"' in said.partition("mqtt {")[2].partition("}")[0]
    )
    assert "ca_file" not in said.partition("mqtt {")[2].partition("}")[0], "phones have no certificates"
    assert (sites_file.parent / "nats" / "phones" / "anne.password").exists()


def test_a_pods_nats_server_is_given_its_phones_and_what_to_show_them(sites_file: Path, identities: Path):
    given = sites_file.parent / "given"
    given.mkdir()
    for name in ("anne", "trackers"):
        (given / name).write_text(f"the password of {name}")
    told = settings("truck", sites_file, identities).model_copy(
        update={
            "mqtt_listen": "0.0.0.0:8883",
            "mqtt_passwords": given,
            "mqtt_certificate": Path("/etc/ardoise/phones-certificate"),
        }
    )
    directory = sites_file.parent / "nats"
    said = pod.nats_config(told, SITES.edge, SITES, directory)
    assert '"password": "the password of anne"' in said
    assert not directory.exists(), "nothing is made"
    shown = json.loads(said.partition("certs: ")[2].partition(", timeout")[0])
    assert [pair["cert_file"] for pair in shown] == [
        "/etc/ardoise/phones-certificate/tls.crt",
        str(identities / "truck" / "nats.pem"),
    ]


def test_a_regions_nats_server_takes_the_truck_in_from_everywhere(sites_file: Path, identities: Path):
    told = settings("london", sites_file, identities)
    said = pod.nats_config(told, SITES.site("london"), SITES, Path("/state/nats"))
    assert 'leafnodes { listen: "0.0.0.0:7422"' in said
    assert "domain: london" in said


def test_an_edge_runs_no_database_and_an_unknown_site_is_named(sites_file: Path, identities: Path):
    for server in ("patroni", "etcd-stand-in"):
        with pytest.raises(ValueError, match=f"truck has no {server}"):
            pod.run_server(server, settings("truck", sites_file, identities))
    with pytest.raises(ValueError, match="names no site 'paris'"):
        pod.run_server("nats", settings("paris", sites_file, identities))


def test_etcds_keeper_is_all_that_runs_beside_it(
    sites_file: Path, identities: Path, monkeypatch: pytest.MonkeyPatch
):
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, argv: became.append(argv))
    told = settings("truck", sites_file, identities)
    pod.run_server("etcd", told)
    assert became == [etcd.keeper_command(told.state_dir / "etcd" / "keeper.json")]


def test_the_trucks_gateway_for_trackers_is_a_service_and_to_ingest_a_relay(identities: Path):
    held = {}
    for name in GATEWAY:
        certificate = x509.load_pem_x509_certificate((identities / "truck" / f"{name}.pem").read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        held[name] = names.get_values_for_type(x509.UniformResourceIdentifier)
        assert not (identities / "london" / f"{name}.pem").exists()
    assert held == {
        "trackers": ["spiffe://ardoise/service/trackers"],
        RELAY_ID: ["spiffe://ardoise/relay/gateway"],
    }


def test_certificates_of_a_release_hold_every_name_that_it_is_called_by(sites_file: Path, identities: Path):
    hosts = hosts_in_cluster(SITES.site("london"), "ardoise", ["race"])
    assert {"london", "10.200.0.3", "ardoise-nats", "ardoise-data-plane.race.svc"} <= set(hosts)
    assert "ardoise-ingest" not in hosts
    certificate = x509.load_pem_x509_certificate((identities / "london" / "patroni.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "ardoise-data-plane.race.svc" in names.get_values_for_type(x509.DNSName)
    assert "10.200.0.3" in map(str, names.get_values_for_type(x509.IPAddress))
    assert not (identities / "truck" / "patroni.pem").exists()
    assert {"ardoise-trackers.race.svc", "ardoise-phones", "ardoise-ingest"} <= set(
        hosts_in_cluster(SITES.site("truck"), "ardoise", ["race"])
    )
    assert "ardoise-trackers" not in hosts
    # One CA for all sites, and another for the data plane.
    cas = {(identities / site / "ca.pem").read_bytes() for site in ADDRESSES}
    data_plane = {(identities / site / "data-plane" / "ca.pem").read_bytes() for site in ADDRESSES}
    assert (len(cas), len(data_plane)) == (1, 1)
    assert cas != data_plane


def test_each_site_has_tokens_of_its_own_for_the_operators_page(identities: Path):
    tokens = {
        (identities / site / "tokens" / role).read_text()
        for site in ADDRESSES
        for role in ("race-operations", "security")
    }
    assert len(tokens) == 2 * len(ADDRESSES)
    assert min(map(len, tokens)) >= 32


def test_members_are_where_the_file_of_all_sites_says(sites_file: Path):
    found: Topology = read_topology(sites_file)
    assert members_of(found)["truck"].peer_url == "https://truck.example:2380"
    assert stand_ins_of(found)["london"].peer_url == "https://10.200.0.3:2580"
    assert set(stand_ins_of(found)) == {"amsterdam", "london"}


def test_the_operator_of_a_region_is_of_race_operations_in_both_cas_and_the_truck_has_none(identities: Path):
    for site in ("amsterdam", "london"):
        for folder in (identities / site, identities / site / "data-plane"):
            made = x509.load_pem_x509_certificate((folder / "operator.pem").read_bytes())
            names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            uris = names.get_values_for_type(x509.UniformResourceIdentifier)
            assert uris == ["spiffe://ardoise/race-operations/operator"]
            assert names.get_values_for_type(x509.DNSName) == [], "it serves nothing"
    assert list((identities / "truck").rglob("operator.*")) == []
