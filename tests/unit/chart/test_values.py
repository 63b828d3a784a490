"""Values: each explained, each in the schema, and what is wrong refused with words that say what to write."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.chart import CERT_MANAGER, CHART, Refused, example, loaded, objects, overlaid, rendered

# What is laid over a good example, and what a person reads.
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a word that is no value": ("amsterdam", {"sight": {}}, "additional properties 'sight' not allowed"),
    "a word inside that is no value": (
        "amsterdam",
        {"mediawall": {"replica": 2}},
        "at '/mediawall': additional properties 'replica' not allowed",
    ),
    "a kind that there is not": (
        "amsterdam",
        {"site": {"kind": "cloud"}},
        "at '/site/kind': value must be one of 'edge', 'region'",
    ),
    "a word where a number is meant": (
        "amsterdam",
        {"mediawall": {"replicas": "two"}},
        "at '/mediawall/replicas': got string, want integer",
    ),
    "no pod at all": ("amsterdam", {"mediawall": {"replicas": 0}}, "minimum: got 0, want 1"),
    "a type of Service that cannot work": (
        "amsterdam",
        {"expose": {"type": "HostPort"}},
        "value must be one of 'LoadBalancer', 'ClusterIP', 'NodePort'",
    ),
    "no sites": ("amsterdam", {"sites": []}, "list the truck and its regions, the same at every site"),
    "a site that is not among them": (
        "amsterdam",
        {"site": {"name": "paris"}},
        'site.name is "paris", and sites has truck, amsterdam, london: write one of these',
    ),
    "the truck called a region": (
        "truck",
        {"site": {"kind": "region"}},
        "site.kind is region, and sites says that truck is edge: make them agree",
    ),
    "one Secret for two CAs": (
        "amsterdam",
        {"identity": {"dataPlaneSecret": "ardoise-identity"}},
        "they are of two CAs, make one for each",
    ),
    "no certificates": (
        "amsterdam",
        {"identity": {"secret": ""}},
        "no certificates: name identity.secret and identity.dataPlaneSecret",
    ),
    "certificates of two origins": (
        "amsterdam",
        {"identity": {"certManager": {"enabled": True}}},
        "both Secrets and cert-manager are given",
    ),
    "cert-manager without issuers": (
        "amsterdam",
        overlaid(CERT_MANAGER, {"identity": {"certManager": {"issuer": {"name": ""}}}}),
        "name both issuers",
    ),
    "one issuer for two CAs": (
        "amsterdam",
        overlaid(CERT_MANAGER, {"identity": {"certManager": {"dataPlaneIssuer": {"name": "platform"}}}}),
        "a relay's certificate would open etcd: make a second CA",
    ),
    "no tokens": (
        "truck",
        {"operators": {"tokensSecret": ""}},
        "kubectl create secret generic ardoise-tokens",
    ),
    "a media wall that scales within one pod": (
        "truck",
        {"mediawall": {"autoscaling": {"enabled": True}}},
        "set services.together to false, or autoscaling.enabled to false",
    ),
    "fewest above most": (
        "amsterdam",
        {"mediawall": {"autoscaling": {"min": 7}}},
        "min is 7 and max is 6: lower min, or raise max",
    ),
    "a page without a name": (
        "amsterdam",
        {"mediawall": {"ingress": {"host": ""}}},
        "set mediawall.ingress.host to the page's name",
    ),
    "a backup of the truck's database": (
        "truck",
        {"backup": {"enabled": True}},
        "an edge has no database: set them in the regions",
    ),
    "a database at the truck": (
        "truck",
        {"database": {"urlSecret": "database"}},
        "an edge has no database: set it in the regions",
    ),
    "a backup of somebody else's database": (
        "amsterdam",
        {"database": {"urlSecret": "database"}},
        "an external database is backed up by whoever runs it",
    ),
    "a restore from nowhere": (
        "amsterdam",
        {"backup": {"enabled": False}, "restore": {"backup": "2026-07-07T02-15-00Z"}},
        "there is no volume to read it from: set backup.enabled to true",
    ),
    "an amount that is none": (
        "amsterdam",
        {"persistence": {"sizes": {"nats": "lots"}}},
        "persistence.sizes.nats is lots: write an amount with its unit, as in 512Mi or 64Gi",
    ),
    "bytes where gigabytes were meant": (
        "amsterdam",
        {"persistence": {"sizes": {"nats": 64}}},
        "persistence.sizes.nats is 64: write an amount with its unit",
    ),
    "thousandths of a byte": (
        "amsterdam",
        {"backup": {"size": "512m"}},
        "backup.size is 512m: write an amount with its unit",
    ),
    "memory that is no amount": (
        "amsterdam",
        {"resources": {"patroni": {"limits": {"memory": "2 GB"}}}},
        "resources.patroni.limits.memory is 2 GB: write an amount",
    ),
    "memory for a CPU": (
        "amsterdam",
        {"resources": {"patroni": {"requests": {"cpu": "1Gi"}}}},
        "resources.patroni.requests.cpu is 1Gi: write CPUs, as in 2 or 0.5",
    ),
    "more asked for than allowed": (
        "amsterdam",
        {"resources": {"patroni": {"requests": {"memory": "4Gi"}}}},
        "resources.patroni: requests.memory is 4Gi and limits.memory is 2Gi: lower the request",
    ),
    "memory without a limit": (
        "amsterdam",
        {"resources": {"patroni": {"limits": {"memory": None}}}},
        "at '/resources/patroni/limits': missing property 'memory'",
    ),
    "resources of a container that there is not": (
        "amsterdam",
        {"resources": {"postgres": {"requests": {"cpu": "1"}}}},
        "at '/resources': additional properties 'postgres' not allowed",
    ),
    "a range that is none": (
        "amsterdam",
        {"networkPolicy": {"relays": ["everywhere"]}},
        "networkPolicy.relays is everywhere: write a range of addresses, as in 203.0.113.0/24",
    ),
    "a single address as a range": (
        "amsterdam",
        {"networkPolicy": {"sites": ["203.0.113.7"]}},
        "a single address ends in /32",
    ),
    "a range longer than an address": (
        "amsterdam",
        {"networkPolicy": {"sites": ["203.0.113.0/33"]}},
        "networkPolicy.sites is 203.0.113.0/33: write a range",
    ),
    "a peer of two kinds": (
        "amsterdam",
        {"networkPolicy": {"web": [{"ipBlock": {"cidr": "203.0.113.0/24"}, "podSelector": {}}]}},
        "networkPolicy.web: a peer is an ipBlock or selectors, not both",
    ),
    "a peer's range that is none": (
        "amsterdam",
        {"networkPolicy": {"egress": {"security": [{"to": [{"ipBlock": {"cidr": "webhook"}}]}]}}},
        "networkPolicy.egress.security is webhook: write a range of addresses",
    ),
    "a rule the wrong way round": (
        "amsterdam",
        {"networkPolicy": {"egress": {"security": [{"from": [{"podSelector": {}}]}]}}},
        "at '/networkPolicy/egress/security/0': additional properties 'from' not allowed",
    ),
    "a rule that lets everything out": (
        "amsterdam",
        {"networkPolicy": {"egress": {"security": [{}]}}},
        "at '/networkPolicy/egress/security/0': minProperties",
    ),
    "a rule for a pod that is not here": (
        "amsterdam",
        {"networkPolicy": {"egress": {"services": [{"ports": [{"port": 443}]}]}}},
        "networkPolicy.egress: this site has no pod services: write one of all, analytics, data-plane",
    ),
    "nobody who answers DNS": (
        "amsterdam",
        {"networkPolicy": {"dns": []}},
        "at '/networkPolicy/dns': minItems: got 0, want 1",
    ),
    "a time in days": (
        "amsterdam",
        {"identity": {"certManager": {"duration": "90d"}}},
        "identity.certManager.duration is 90d: write hours, as in 2160h",
    ),
    "a certificate renewed before it was made": (
        "amsterdam",
        overlaid(CERT_MANAGER, {"identity": {"certManager": {"renewBefore": "3000h"}}}),
        "renewBefore is 3000h and duration is 2160h: lower renewBefore",
    ),
    "nats-server without TLS": (
        "amsterdam",
        {"nats": {"url": "nats://nats.example.org:4222"}},
        "write tls://host:port",
    ),
    "a port that there is not": (
        "amsterdam",
        {"nats": {"url": "tls://nats.example.org:70000"}},
        "nats.url is tls://nats.example.org:70000: write tls://host:port",
    ),
    "a fix sent to a host without a port": (
        "amsterdam",
        {"roundTrip": {"ingest": "truck.example.org"}},
        "roundTrip.ingest is truck.example.org: write host:port",
    ),
    "a page's address for its name": (
        "amsterdam",
        {"mediawall": {"ingress": {"host": "https://race.example.org"}}},
        "mediawall.ingress.host is https://race.example.org: write a host name alone",
    ),
    "a registry's address for its name": (
        "amsterdam",
        {"images": {"registry": "https://registry.example.org/"}},
        "images.registry is https://registry.example.org/: write a host",
    ),
    "an image for a tag": (
        "amsterdam",
        {"images": {"tag": "ardoise/full:0.1.0"}},
        "images.tag is ardoise/full:0.1.0: write a tag alone, as in 0.1.0",
    ),
    "a tag that YAML takes for a number": (
        "amsterdam",
        {"images": {"tag": 0.1}},
        "at '/images/tag': got number, want string",
    ),
    "a schedule in words": (
        "amsterdam",
        {"backup": {"schedule": "every night"}},
        "backup.schedule is every night: write five fields, minute, hour, day, month and weekday",
    ),
    "a schedule with seconds": (
        "amsterdam",
        {"backup": {"schedule": "0 15 2 * * *"}},
        "backup.schedule is 0 15 2 * * *: write five fields",
    ),
    "a minute that there is not": (
        "amsterdam",
        {"backup": {"schedule": "75 2 * * *"}},
        "backup.schedule is 75 2 * * *: write five fields",
    ),
    "no schedule": (
        "amsterdam",
        {"backup": {"schedule": ""}},
        "at '/backup/schedule': minLength",
    ),
    "a word for yes": (
        "amsterdam",
        {"backup": {"enabled": "on"}},
        "at '/backup/enabled': got string, want boolean",
    ),
    "a backup's date for its name": (
        "amsterdam",
        {"restore": {"backup": "2026-07-07"}},
        "restore.backup is 2026-07-07: write a backup's name, as in 2026-07-07T02-15-00Z",
    ),
    "a class that nobody could make": (
        "amsterdam",
        {"persistence": {"storageClass": "Fast SSD"}},
        "persistence.storageClass is Fast SSD: write the name of an object of the cluster",
    ),
    "what Kubernetes takes for no label": (
        "amsterdam",
        {"podLabels": {"team": "race operations"}},
        "podLabels.team is race operations: write up to 63 letters",
    ),
    "a label by which the chart finds its pods": (
        "amsterdam",
        {"podLabels": {"app.kubernetes.io/component": "wall"}},
        "podLabels: app.kubernetes.io/component is the chart's own: take it out",
    ),
    "a toleration that Kubernetes does not know": (
        "amsterdam",
        {"tolerations": [{"keys": "race"}]},
        "at '/tolerations/0': additional properties 'keys' not allowed",
    ),
    "ranges that nothing would keep": (
        "laptop",
        {"expose": {"sourceRanges": {"ingest": ["203.0.113.0/24"]}}},
        "expose.sourceRanges: only a load balancer keeps them, and expose.type is ClusterIP",
    ),
    "ranges of a Service that is not exposed": (
        "amsterdam",
        {"expose": {"sourceRanges": {"mediawall": ["203.0.113.0/24"]}}},
        "expose.sourceRanges: mediawall is not exposed here: data-plane, nats, positioning are",
    ),
    "exposed where there is none": (
        "truck",
        {"expose": {"also": ["analytics"]}},
        "expose.also: this site has no Service analytics",
    ),
    "a section taken out": ("amsterdam", {"identity": None}, "missing property 'identity'"),
    "a setting that follows from other values": (
        "amsterdam",
        {"services": {"settings": {"ARDOISE_SITE": "paris"}}},
        "services.settings: ARDOISE_SITE follows from the other values: remove it",
    ),
    "a setting of somebody else": (
        "amsterdam",
        {"services": {"settings": {"LOG_LEVEL": "DEBUG"}}},
        "services.settings: LOG_LEVEL is no setting: docs/settings.md has them all",
    ),
    "a setting that nothing reads": (
        "amsterdam",
        {"services": {"settings": {"ARDOISE_LOG_LEVL": "DEBUG"}}},
        "services.settings: ARDOISE_LOG_LEVL is no setting",
    ),
}
TRUCK, AMSTERDAM, LONDON = example("truck")["sites"]
WRONG_SITES: dict[str, tuple[list[dict[str, str]], str]] = {
    "two of one name": ([TRUCK, AMSTERDAM, {**LONDON, "name": "amsterdam"}], "two are called amsterdam"),
    "a name with a capital": (
        [TRUCK, {**AMSTERDAM, "name": "Amsterdam"}, LONDON],
        "Amsterdam is no name of a site",
    ),
    "a region without a database": (
        [TRUCK, AMSTERDAM, {key: value for key, value in LONDON.items() if key != "postgres"}],
        "the region london has no postgres: add it as host:port",
    ),
    "a truck with a database": (
        [{**TRUCK, "postgres": "truck.example.org:5432"}, AMSTERDAM, LONDON],
        "the edge truck has postgres, which is of regions only: remove it",
    ),
    "two trucks": (
        [TRUCK, {**TRUCK, "name": "second"}, AMSTERDAM],
        "2 of them are an edge: exactly one is, the truck",
    ),
    "no port": (
        [TRUCK, AMSTERDAM, {**LONDON, "nats": "nats.london.example.org"}],
        "nats of london is nats.london.example.org: write host:port, as in truck.example.org:4222",
    ),
    "a URL": (
        [TRUCK, AMSTERDAM, {**LONDON, "etcd": "https://london.example.org:2379"}],
        "etcd of london is https://london.example.org:2379: write host:port",
    ),
    "a port above all ports": (
        [TRUCK, AMSTERDAM, {**LONDON, "nats": "nats.london.example.org:70000"}],
        "nats of london is nats.london.example.org:70000: write host:port",
    ),
    "an address that is none": (
        [TRUCK, AMSTERDAM, {**LONDON, "nats": "203.0.113.999:4222"}],
        "nats of london is 203.0.113.999:4222: write host:port",
    ),
    "a region copied and not changed": (
        [TRUCK, AMSTERDAM, {**AMSTERDAM, "name": "london"}],
        "etcd of amsterdam and etcd of london are both data.amsterdam.example.org:2379",
    ),
    "a site without a log": (
        [TRUCK, AMSTERDAM, {key: value for key, value in LONDON.items() if key != "nats"}],
        "at '/sites/2': missing property 'nats'",
    ),
    "a server that there is not": (
        [TRUCK, AMSTERDAM, {**LONDON, "redis": "london.example.org:6379"}],
        "at '/sites/2': additional properties 'redis' not allowed",
    ),
}
# What looks unusual and is right.
RIGHT: dict[str, tuple[str, dict[str, Any]]] = {
    "addresses": ("amsterdam", {"roundTrip": {"ingest": "203.0.113.7:65535"}}),
    "addresses of version 6": ("amsterdam", {"nats": {"url": "tls://[2001:db8::7]:4222"}}),
    "ranges of version 6": ("amsterdam", {"networkPolicy": {"sites": ["::/0", "2001:db8::/32"]}}),
    "a name of one part": ("amsterdam", {"images": {"registry": "registry:5000/race/day-1"}}),
    "steps, lists and names of days": (
        "amsterdam",
        {"backup": {"schedule": "*/20,5 0-6/2 1,15 jan-mar MON"}},
    ),
    "a word of cron": ("amsterdam", {"backup": {"schedule": "@daily"}}),
    "half a CPU as a number": ("amsterdam", {"resources": {"patroni": {"requests": {"cpu": 0.5}}}}),
    "as much as the limit": ("amsterdam", {"resources": {"patroni": {"requests": {"memory": "2048Mi"}}}}),
    "yes as YAML reads it": ("amsterdam", loaded("monitoring: {operator: yes}")),
    "no as YAML reads it": ("amsterdam", loaded("monitoring: {operator: no}")),
    "nobody calls as a relay": ("truck", {"networkPolicy": {"relays": []}}),
    "a label of nothing": ("amsterdam", {"podLabels": {"team": ""}}),
    "ranges of a Service exposed besides": (
        "amsterdam",
        {"expose": {"also": ["mediawall"], "sourceRanges": {"mediawall": ["203.0.113.0/24"]}}},
    ),
}


@pytest.mark.parametrize(("base", "layer", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_with_what_to_write(base: str, layer: dict[str, Any], message: str):
    with pytest.raises(Refused) as refused:
        rendered(overlaid(example(base), layer))
    assert message in str(refused.value)


@pytest.mark.parametrize(("sites", "message"), WRONG_SITES.values(), ids=WRONG_SITES)
def test_sites_that_cannot_be_are_refused_with_what_to_write(sites: list[dict[str, str]], message: str):
    with pytest.raises(Refused) as refused:
        rendered({**example("amsterdam"), "sites": sites})
    assert message in str(refused.value)


@pytest.mark.parametrize(("base", "layer"), RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_taken(base: str, layer: dict[str, Any]):
    assert objects(overlaid(example(base), layer))


def test_what_may_be_a_secret_is_not_repeated():
    wrong = {"database": {"urlSecret": "postgresql://ardoise:chalk@db/ardoise"}, "backup": {"enabled": False}}
    with pytest.raises(Refused, match=r"database\.urlSecret: write the name of a Secret") as refused:
        rendered(overlaid(example("amsterdam"), wrong))
    assert "chalk" not in str(refused.value)


def test_without_values_it_says_which_to_give():
    with pytest.raises(Refused, match=r"at '/site/kind': value must be one of 'edge', 'region'"):
        rendered({})


def leaves(
    values: dict[str, Any], schema: dict[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Paths of values: down to where the schema names no more keys."""
    for key, value in values.items():
        below = schema.get("properties", {}).get(key, {})
        if isinstance(value, dict) and "properties" in below:
            yield from leaves(value, below, (*above, key))
        else:
            yield (*above, key)


def schema_leaves(schema: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, below in schema["properties"].items():
        if "properties" in below:
            yield from schema_leaves(below, (*above, key))
        else:
            yield (*above, key)


def strict_objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object that names its keys."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for below in schema.values():
            yield from strict_objects(below)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads((CHART / "values.schema.json").read_text())


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    return loaded((CHART / "values.yaml").read_text())


def test_the_schema_knows_every_value_and_no_other(schema: dict[str, Any], defaults: dict[str, Any]):
    # `global` is Helm's own.
    assert set(schema_leaves(schema)) - {("global",)} == set(leaves(defaults, schema))


def test_the_schema_lets_no_unknown_word_through(schema: dict[str, Any]):
    assert all(one["additionalProperties"] is False for one in strict_objects(schema))


def test_no_value_can_be_taken_out(schema: dict[str, Any], defaults: dict[str, Any]):
    def missing(given: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
        for key, value in given.items():
            below = known["properties"][key]
            if value is not None and key not in known["required"]:
                yield key
            if "properties" in below:
                yield from missing(value, below)

    assert list(missing(defaults, schema)) == []


def test_every_value_is_explained_and_the_readme_is_made_of_it(
    repository: Path, schema: dict[str, Any], defaults: dict[str, Any]
):
    program = (
        "import chart_reference as c, json, sys;"
        "text = (c.CHART / 'values.yaml').read_text();"
        "json.dump({'readme': c.readme(), 'explained': [list(path) for path, _ in c.explained(text)]}, sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repository / "scripts",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = json.loads(done.stdout)
    assert {tuple(path) for path in said["explained"]} == set(leaves(defaults, schema))
    assert (CHART / "README.md").read_text() == said["readme"], "make chart-reference"


def test_the_examples_of_the_two_regions_differ_in_nothing_but_their_names():
    assert json.dumps(example("amsterdam")["sites"]) == json.dumps(example("london")["sites"])
    without_sites = {key: value for key, value in example("amsterdam").items() if key != "sites"}
    london = {key: value for key, value in example("london").items() if key != "sites"}
    assert json.loads(json.dumps(without_sites).replace("amsterdam", "london")) == london


def test_a_laptop_holds_the_three_sites_as_namespaces():
    for name, kind in (("truck", "edge"), ("amsterdam", "region"), ("london", "region")):
        assert objects(overlaid(example("laptop"), {"site": {"name": name, "kind": kind}}))


def test_after_an_installation_it_says_what_to_do_next():
    said = rendered(example("amsterdam"))["NOTES.txt"]
    for word in ("helm -n race test ardoise", "https://race.amsterdam.example.org", "ardoise sites status"):
        assert word in said
    assert "No backup is made" not in said
    assert (
        "No backup is made"
        in rendered(overlaid(example("amsterdam"), {"backup": {"enabled": False}}))["NOTES.txt"]
    )
    assert "Network policies hold only where the cluster's network plugin enforces them" in said
    assert (
        "Network policies are off"
        in rendered(overlaid(example("truck"), {"networkPolicy": {"enabled": False}}))["NOTES.txt"]
    )
