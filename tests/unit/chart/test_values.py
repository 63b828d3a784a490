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
        "persistence.sizes.nats is lots: write an amount as Kubernetes does, as in 64Gi",
    ),
    "memory that is no amount": (
        "amsterdam",
        {"resources": {"patroni": {"limits": {"memory": "2 GB"}}}},
        "resources.patroni.limits.memory is 2 GB: write an amount",
    ),
    "a range that is none": (
        "amsterdam",
        {"networkPolicy": {"relays": ["everywhere"]}},
        "networkPolicy.relays: everywhere is no range of addresses: write it as in 203.0.113.0/24",
    ),
    "a time in days": (
        "amsterdam",
        {"identity": {"certManager": {"duration": "90d"}}},
        "identity.certManager.duration is 90d: write hours, as in 2160h",
    ),
    "nats-server without TLS": (
        "amsterdam",
        {"nats": {"url": "nats://nats.example.org:4222"}},
        "write tls://host:port",
    ),
    "a setting that follows from other values": (
        "amsterdam",
        {"services": {"settings": {"ARDOISE_SITE": "paris"}}},
        "services.settings: ARDOISE_SITE follows from the other values: remove it",
    ),
    "a setting of somebody else": (
        "amsterdam",
        {"services": {"settings": {"LOG_LEVEL": "DEBUG"}}},
        "LOG_LEVEL is no setting: they begin with ARDOISE_",
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
    "a server that there is not": (
        [TRUCK, AMSTERDAM, {**LONDON, "redis": "london.example.org:6379"}],
        "at '/sites/2': additional properties 'redis' not allowed",
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
    assert (
        "Network policies are off"
        in rendered(overlaid(example("truck"), {"networkPolicy": {"enabled": False}}))["NOTES.txt"]
    )
