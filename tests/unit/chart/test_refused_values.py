"""Values that would go wrong are refused with words that say what to write; forms of values: test_value_forms.py."""

from typing import Any

import pytest

from tests.support.chart import CERT_MANAGER, Refused, example, overlaid, rendered

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
    "definitions by a site that is not among them": (
        "amsterdam",
        {"definitions": {"sites": ["paris"]}},
        "definitions.sites: paris is not among sites: write one of truck, amsterdam, london, or an empty list",
    ),
    "an operator at the truck": (
        "truck",
        {"operator": {"enabled": True}},
        "operator.enabled: an operator shows what a region sees: set it in the regions",
    ),
    "definitions as a word": (
        "amsterdam",
        {"definitions": {"sites": "amsterdam"}},
        "at '/definitions/sites': got string, want",
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
        {"backup": {"claim": "backups"}},
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
        {"backup": {"claim": ""}, "restore": {"backup": "2026-07-07T02-15-00Z"}},
        "there is no volume to read it from: name its claim in backup.claim",
    ),
    "a restore here and elsewhere": (
        "amsterdam",
        {"restore": {"backup": "2026-07-07T02-15-00Z", "elsewhere": True}},
        "set restore.backup here or restore.elsewhere, not both",
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
    "a certificate renewed before it was made": (
        "amsterdam",
        overlaid(CERT_MANAGER, {"identity": {"certManager": {"renewBefore": "3000h"}}}),
        "renewBefore is 3000h and duration is 2160h: lower renewBefore",
    ),
    "a tag that YAML takes for a number": (
        "amsterdam",
        {"images": {"tag": 0.1}},
        "at '/images/tag': got number, want string",
    ),
    "no schedule": ("amsterdam", {"backup": {"schedule": ""}}, "at '/backup/schedule': minLength"),
    "a word for yes": (
        "amsterdam",
        {"networkPolicy": {"enabled": "on"}},
        "at '/networkPolicy/enabled': got string, want boolean",
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
        {"expose": {"also": [], "sourceRanges": {"mediawall": ["203.0.113.0/24"]}}},
        "expose.sourceRanges: mediawall is not exposed here: data-plane, nats, positioning are",
    ),
    "exposed where there is none": (
        "truck",
        {"expose": {"also": ["analytics"]}},
        "expose.also: this site has no Service analytics",
    ),
    "drills without anybody who runs them": (
        "amsterdam",
        {"definitions": {"sites": []}},
        "drills.enabled: drills are run by the operator, and this release has none",
    ),
    "drills on a database that is not ours": (
        "amsterdam",
        {"database": {"urlSecret": "database"}, "backup": {"claim": ""}},
        "drills.enabled: an external database is not ours to break",
    ),
    "drills that do not see a site": (
        "amsterdam",
        {"drills": {"reach": {"london": {"web": ""}}}},
        "drills.reach: web of london is missing: a drill looks at every site, add it as host:port",
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
    "the gateway's setting, where there is no gateway": (
        "amsterdam",
        {"services": {"settings": {"ARDOISE_SOURCES": "osmand=http://0.0.0.0:5055"}}},
        "services.settings: ARDOISE_SOURCES follows from the other values: remove it",
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
