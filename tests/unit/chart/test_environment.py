"""What a service is told by the chart is what it is told by `ardoise sites up`, which every drill runs."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from ardoise.chassis.phones import SOURCE
from ardoise.chassis.settings import CommonSettings
from ardoise.sites.settings import SitesSettings
from ardoise.sites.topology import Topology
from ardoise.trackers.decoding import Transport
from ardoise.trackers.domain.sources import sources_of
from ardoise.trackers.settings import TrackersSettings
from ardoise.up.identities import (
    DATA_PLANE_IDENTITIES,
    DRILL,
    DRILL_OPERATOR,
    DRILL_RELAYS,
    GATEWAY,
    IDENTITIES,
    OPERATOR,
    SERVICES,
)
from ardoise.up.pod import HEALTH_PORTS, SERVERS
from ardoise.up.site import PORTS, OneSite

from tests.support.chart import (
    CERT_MANAGER,
    EVERY_KEY,
    KIND_OF,
    RELEASE,
    SITES,
    Container,
    Object,
    containers,
    example,
    loaded,
    objects,
    of_kind,
    overlaid,
)
from tests.support.chart_cases import PHONES, TRACKERS, values_of

# What a pod is told besides: where it listens.
OF_A_POD = {"ARDOISE_HEALTH_LISTEN", "FORWARDED_ALLOW_IPS"}
APART = {"services": {"together": False}}
ALWAYS = {kind: [name for name in services if name not in GATEWAY] for kind, services in SERVICES.items()}
"""Services of a site by its kind. In the chart the trackers' gateway comes with its sources."""


def told_by_up(site_name: str, service: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of `ardoise sites up`, with a pod's places in the place of this machine's."""
    for name in ("ARDOISE_LOG_LEVEL", "ARDOISE_OTLP_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    topology = Topology.model_validate({"sites": example(site_name)["sites"]})
    site = OneSite.__new__(OneSite)
    site.site = topology.site(site_name)
    site.address = "HERE"
    site._topology, site._topology_file = topology, Path("/etc/ardoise/sites.yaml")
    site._disk = Path("/var/lib/ardoise")
    site.settings = CommonSettings(
        site=site_name, state_dir=site._disk, identity_dir=Path("/etc/ardoise/identity")
    )
    site._identity = lambda name: SimpleNamespace(  # type: ignore[method-assign]
        ca=Path("/etc/ardoise/identity/ca.pem"),
        certificate=Path(f"/etc/ardoise/identity/{name}.pem"),
        key=Path(f"/etc/ardoise/identity/{name}.key"),
    )
    environment = site._environment(service)
    if service in PORTS:
        environment["ARDOISE_GRPC_LISTEN"] = f"HERE:{PORTS[service]}"
    return {name: value for name, value in environment.items() if name.startswith("ARDOISE_")}


def placed(name: str, value: str, scrape_port: int, neighbours: set[str]) -> str:
    """A value of one machine as a pod has it: it listens everywhere, and calls Services, or loopback in its own pod."""
    if name == "ARDOISE_SCRAPE_LISTEN":
        return f"0.0.0.0:{scrape_port}"
    if name.endswith("_LISTEN"):
        return value.replace("HERE", "0.0.0.0")
    if name.endswith("_TARGET") and value:
        service = name.removeprefix("ARDOISE_").removesuffix("_TARGET").lower()
        return value.replace("HERE", "127.0.0.1" if service in neighbours else f"{RELEASE}-{service}")
    return value.replace("HERE", f"{RELEASE}-nats") if name == "ARDOISE_NATS_URL" else value


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("together", [False, True], ids=["apart", "together"])
def test_a_service_is_told_what_it_is_told_on_one_machine(
    site: str, together: bool, monkeypatch: pytest.MonkeyPatch
):
    layer = {"services": {"together": together}, "mediawall": {"autoscaling": {"enabled": False}}}
    made = objects(overlaid(example(site), layer))
    found = {one.name: one for one in containers(made)}
    services = ALWAYS[KIND_OF[site]]
    assert set(services) <= set(found)
    for service in services:
        ports = {port["name"]: port["containerPort"] for port in found[service].spec["ports"]}
        scrape = next(number for name, number in ports.items() if name.startswith("metrics-"))
        neighbours = set(services) - {"sites"} if together and service != "sites" else {service}
        expected = {
            name: placed(name, value, scrape, neighbours)
            for name, value in told_by_up(site, service, monkeypatch).items()
        }
        told = {name: value for name, value in found[service].environment.items() if name not in OF_A_POD}
        assert told == expected, service


@pytest.mark.parametrize("site", SITES)
def test_a_site_runs_the_servers_and_services_that_it_runs_on_one_machine(site: str):
    made = objects(overlaid(example(site), APART))
    kind = KIND_OF[site]
    servers = {"nats", "etcd"} if kind == "edge" else set(SERVERS)
    running = {one.name for one in containers(made) if one.pod.startswith(("Deployment/", "StatefulSet/"))}
    operators = {"operator"} if kind == "region" else set()
    assert running == servers | set(ALWAYS[kind]) | operators


@pytest.mark.parametrize("site", SITES)
def test_servers_and_ports_have_the_numbers_that_the_code_gives_them(site: str):
    made = objects(example(site))
    ports = {
        port["name"]: port["port"]
        for one in of_kind(made, "Service").values()
        for port in one["spec"]["ports"]
    }
    renamed = {"stand-in": "etcd-stand-in"}
    assert {renamed.get(name, name): number for name, number in ports.items() if "peer" not in name} == {
        name: PORTS[name] for name in (renamed.get(port, port) for port in ports) if "peer" not in name
    }
    for server, number in HEALTH_PORTS.items():
        for one in containers(made):
            if one.name == server and "httpGet" in one.spec.get("readinessProbe", {}):
                assert one.spec["readinessProbe"]["httpGet"]["port"] == number


@pytest.mark.parametrize("site", SITES)
def test_the_file_of_all_sites_is_one_that_the_code_reads(site: str):
    made = objects(example(site))
    text = of_kind(made, "ConfigMap")[f"{RELEASE}-sites"]["data"]["sites.yaml"]
    assert Topology.model_validate(loaded(text)).site(site).kind.value == KIND_OF[site]


@pytest.mark.parametrize("site", SITES)
def test_every_container_is_given_the_certificates_of_its_own_identities_and_no_other(site: str):
    found = {one.name: one.files() for one in containers(objects(overlaid(example(site), APART)))}
    kind = KIND_OF[site]
    drill = [path for files in found.pop("drill", {}).values() for path in files]
    assert drill == [] or {f"{one}.pem" for one in (DRILL, DRILL_OPERATOR, *DRILL_RELAYS)} <= set(drill)
    platform: set[str] = set()
    for name, files in found.items():
        held = {
            path.removesuffix(".pem") for path in files.get("ardoise-identity", ()) if path.endswith(".pem")
        }
        platform |= held - {"ca"}
        if name in ALWAYS[kind]:
            assert name in held, name
    assert platform >= set(IDENTITIES[kind]) - set(GATEWAY)
    assert set(found["etcd"]) == {"ardoise-data-plane"}
    assert found["ingest" if kind == "edge" else "recorder"].keys() == {"ardoise-identity"}
    data_plane = {
        path.removeprefix("data-plane/").removesuffix(".pem")
        for files in found.values()
        for path in files.get("ardoise-data-plane", ())
        if path.endswith(".pem")
    }
    assert data_plane == {"ca", *DATA_PLANE_IDENTITIES[kind]}


def test_the_operator_is_told_what_it_needs_and_nothing_of_other_services():
    settings = {"services": {"settings": {"ARDOISE_LOG_LEVEL": "DEBUG"}}}
    made = objects(
        overlaid(
            example("amsterdam"),
            settings,
            {"database": {"urlSecret": "x"}, "backup": {"claim": ""}, "drills": {"enabled": False}},
        )
    )
    (operator,) = [one for one in containers(made) if one.name == "operator"]
    assert operator.environment == {
        "ARDOISE_SITE": "amsterdam",
        "ARDOISE_SITES_FILE": "/etc/ardoise/sites.yaml",
        "ARDOISE_STATE_DIR": "/var/lib/ardoise",
        "ARDOISE_LIVENESS_LISTEN": "0.0.0.0:8408",
        "ARDOISE_SCRAPE_LISTEN": "0.0.0.0:9408",
        "ARDOISE_LOG_LEVEL": "DEBUG",
    }


def test_the_operators_tokens_are_the_media_walls_alone():
    found = {one.name: one.files() for one in containers(objects(example("amsterdam")))}
    assert [name for name, files in found.items() if "ardoise-tokens" in files] == ["mediawall"]
    assert found["mediawall"]["ardoise-tokens"] == ["tokens/race-operations", "tokens/security"]


def test_settings_of_ones_own_reach_every_service_and_no_server():
    values = overlaid(
        example("truck"), {"services": {"settings": {"ARDOISE_LOG_LEVEL": "DEBUG"}, "settingsSecret": "more"}}
    )
    for one in containers(objects(values)):
        is_service = one.spec["args"][0] != "server"
        assert (one.environment.get("ARDOISE_LOG_LEVEL") == "DEBUG") == is_service
        assert ("envFrom" in one.spec) == is_service


def test_an_external_database_is_told_by_its_secret_and_leaves_etcd_and_patroni_out(
    site_objects: dict[str, list[Object]],
):
    found = {one.name: one for one in containers(site_objects["external-database"])}
    assert not {"etcd", "etcd-stand-in", "patroni"} & set(found)
    (url,) = [one for one in found["recorder"].spec["env"] if one["name"] == "ARDOISE_DATABASE_URL"]
    assert url["valueFrom"] == {"secretKeyRef": {"name": "database", "key": "url"}}


def test_an_external_nats_server_is_told_to_all(site_objects: dict[str, list[Object]]):
    found = {one.name: one for one in containers(site_objects["external-nats"])}
    assert "nats" not in found
    told = {name: one.environment.get("ARDOISE_NATS_URL") for name, one in found.items() if one.environment}
    # It speaks to `sites` alone.
    assert told.pop("operator") is None
    assert set(told.values()) == {"tls://nats.example.org:4222"}


def test_the_gateway_is_told_its_sources_as_it_reads_them(site_objects: dict[str, list[Object]]):
    def told(case: str) -> TrackersSettings:
        (one,) = [one for one in containers(site_objects[case]) if one.name == "trackers"]
        environment = {name.removeprefix("ARDOISE_").lower(): text for name, text in one.environment.items()}
        return TrackersSettings(**environment)

    everywhere = Transport.HTTP, Transport.TCP, Transport.UDP
    listening = sources_of(told("truck-trackers").sources)
    assert [(one.decoder, one.transport, one.address) for one in listening] == [
        (name, transport, f"0.0.0.0:{port}")
        for name, transport, port in zip(
            ("osmand", "h02", "h02"), everywhere, (5055, 5013, 5013), strict=True
        )
    ]
    assert [one.name for one in listening] == ["osmand", "h02", "h02-udp"]
    assert [one.options for one in listening] == [{}, {}, {"device": "moto 1"}]
    assert told("truck-trackers").ingest_target == f"{RELEASE}-ingest:7401"
    (one,) = [one for one in containers(site_objects["truck-broker"]) if one.name == "trackers"]
    name, _, where = one.environment["ARDOISE_SOURCES"].partition("=")
    broker = urlsplit(where)
    assert (name, broker.scheme, broker.netloc) == ("owntracks", "mqtts", "broker.example.org:8883")
    assert "," not in where, "another source would begin there"
    assert dict(parse_qsl(broker.query)) == {
        "client_id": "a,b & c",
        "user": "truck",
        "password_file": "/etc/ardoise/brokers/source-0/password",
        "ca_file": "/etc/ardoise/brokers/source-0/ca.pem",
    }


def test_the_gateway_is_given_its_own_certificate_its_relays_and_a_brokers_password(
    site_objects: dict[str, list[Object]],
):
    holders = {f"{name}.{end}" for name in GATEWAY for end in ("pem", "key")}
    (listening,) = [one for one in containers(site_objects["truck-trackers"]) if one.name == "trackers"]
    assert {secret: set(paths) for secret, paths in listening.files().items()} == {
        "ardoise-identity": {"ca.pem", *holders}
    }
    (calling,) = [one for one in containers(site_objects["truck-broker"]) if one.name == "trackers"]
    assert calling.files()["broker"] == ["source-0/password", "source-0/ca.pem"]
    assert {"name": "brokers", "mountPath": "/etc/ardoise/brokers", "readOnly": True} in calling.spec[
        "volumeMounts"
    ]


def test_nats_server_is_told_of_phones_as_its_pod_reads_it_and_given_their_passwords(
    site_objects: dict[str, list[Object]], monkeypatch: pytest.MonkeyPatch
):
    def nats(case: str) -> Container:
        (one,) = [one for one in containers(site_objects[case]) if one.name == "nats"]
        return one

    def told(case: str) -> SitesSettings:
        for name, text in nats(case).environment.items():
            monkeypatch.setenv(name, text)
        return SitesSettings()

    assert not any("MQTT" in name for name in nats("truck-trackers").environment)
    own = told("truck-phones")
    assert (own.mqtt_listen, own.mqtt_passwords) == (f"0.0.0.0:{PORTS['mqtt']}", Path("/etc/ardoise/phones"))
    assert own.mqtt_certificate is None
    assert nats("truck-phones").files()["phones"] == [EVERY_KEY]
    mounts = {mount["name"]: mount["mountPath"] for mount in nats("truck-phones").spec["volumeMounts"]}
    assert mounts["phones"] == str(own.mqtt_passwords)
    assert told("truck-phones-cert-manager").mqtt_certificate == Path("/etc/ardoise/phones-certificate")
    shown = nats("truck-phones-cert-manager")
    assert shown.files()[f"{RELEASE}-phones-certificate"] == ["tls.crt", "tls.key"]
    mounts = {mount["name"]: mount["mountPath"] for mount in shown.spec["volumeMounts"]}
    assert mounts["phones-certificate"] == "/etc/ardoise/phones-certificate"
    holders = [one.name for one in containers(site_objects["truck-phones"]) if "phones" in one.files()]
    assert sorted(holders) == ["nats", "trackers"]


def test_the_gateway_reads_what_phones_wrote_with_its_own_password_alone(
    site_objects: dict[str, list[Object]],
):
    (one,) = [one for one in containers(site_objects["truck-phones"]) if one.name == "trackers"]
    (source,) = sources_of(one.environment["ARDOISE_SOURCES"])
    assert (source.name, source.decoder) == (SOURCE, "owntracks")
    assert (source.transport, source.secure) == (Transport.MQTT, True)
    assert source.address == f"{RELEASE}-phones:{PORTS['mqtt']}"
    assert source.options == {
        "user": "trackers",
        "password_file": "/etc/ardoise/brokers/phones/trackers",
        "ca_file": "/etc/ardoise/identity/ca.pem",
    }
    assert one.files()["phones"] == ["phones/trackers"]
    assert "ca.pem" in one.files()["ardoise-identity"]


def test_a_certificate_for_phones_is_given_or_made_for_the_name_that_they_call():
    given = objects(overlaid(example("truck"), PHONES, {"trackers": {"mqtt": {"tlsSecret": "page"}}}))
    (one,) = [one for one in containers(given) if one.name == "nats"]
    assert one.files()["page"] == ["tls.crt", "tls.key"]
    assert certificates(given) == {}
    made = certificates(objects(values_of("truck-phones-cert-manager")))
    shown, own = made[f"{RELEASE}-phones-certificate"], made[f"{RELEASE}-identity-nats"]
    assert (shown["issuerRef"]["name"], shown["dnsNames"]) == ("public", ["phones.example.org"])
    assert "client auth" not in shown["usages"]
    # As the gateway calls it; and phones, where they know the platform's CA.
    assert {f"{RELEASE}-phones", "phones.example.org"} <= set(own["dnsNames"])


def test_cert_manager_makes_the_gateways_certificates_and_its_relay_serves_nothing():
    made = certificates(objects(overlaid(example("truck"), CERT_MANAGER, TRACKERS)))
    own, relay = (made[f"{RELEASE}-identity-{name}"] for name in GATEWAY)
    assert (own["uris"], relay["uris"]) == (
        ["spiffe://ardoise/service/trackers"],
        ["spiffe://ardoise/relay/gateway"],
    )
    assert "server auth" in own["usages"]
    assert "server auth" not in relay["usages"]
    # As `kubectl port-forward` and commands call it.
    assert {f"{RELEASE}-trackers", "localhost"} <= set(own["dnsNames"])


def certificates(made: list[Object]) -> dict[str, Any]:
    return {one["spec"]["secretName"]: one["spec"] for one in made if one["kind"] == "Certificate"}


@pytest.mark.parametrize("case", ["truck-cert-manager", "region-cert-manager"])
def test_cert_manager_makes_each_certificate_that_is_mounted_for_its_holder_and_role(
    case: str, site_objects: dict[str, list[Object]]
):
    made = certificates(site_objects[case])
    mounted = {secret for one in containers(site_objects[case]) for secret in one.files()} - {
        "ardoise-tokens"
    }
    assert mounted <= set(made)
    roles = {"prometheus": "public", **dict.fromkeys(("round-trip", *DRILL_RELAYS), "relay")}
    roles |= dict.fromkeys(("supervisor", OPERATOR, DRILL_OPERATOR), "race-operations")
    for name, spec in made.items():
        holder, role = spec["commonName"], roles.get(spec["commonName"], "service")
        assert name.endswith(f"identity-{holder}")
        assert spec["uris"] == [f"spiffe://ardoise/{role}/{holder}"]
        assert ("server auth" in spec["usages"]) == (role == "service")
        assert spec["issuerRef"]["name"] == ("data-plane" if "data-plane-identity" in name else "platform")
    kind = KIND_OF["truck" if "truck" in case else "london"]
    expected = {*DATA_PLANE_IDENTITIES[kind], *([OPERATOR, DRILL] if kind == "region" else [])}
    assert {spec["commonName"] for name, spec in made.items() if "data-plane-identity" in name} == expected
    assert (f"{RELEASE}-identity-{OPERATOR}" in made) == (kind == "region")


def test_a_certificate_holds_every_name_at_which_its_site_is_called(site_objects: dict[str, list[Object]]):
    made = certificates(site_objects["region-cert-manager"])
    nats = made["ardoise-identity-nats"]
    assert {"nats", "localhost", "ardoise-nats", "ardoise-nats.race.svc", "nats.london.example.org"} <= set(
        nats["dnsNames"]
    )
    assert {"127.0.0.1", "::1"} <= set(nats["ipAddresses"])
    # Among etcd's members the name counts.
    assert "etcd" in made["ardoise-data-plane-identity-etcd"]["dnsNames"]
    assert json.dumps(nats).count("truck.example.org") == 0
