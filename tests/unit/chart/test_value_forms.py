"""Values of a form of their own: what looks wrong says what to write instead, what only looks unusual is taken."""

from typing import Any

import pytest

from tests.support.chart import Refused, example, loaded, objects, overlaid, rendered

# Value, what is written there, what a person reads after "write".
WRONG = [
    ("roundTrip.ingest", "truck.example.org", "host:port, as in truck.example.org:4222"),
    ("roundTrip.ingest", "https://truck.example.org:7401", "host:port"),
    ("roundTrip.ingest", "truck.example.org:70000", "host:port"),
    ("nats.url", "nats://nats.example.org:4222", "tls://host:port"),
    ("nats.url", "tls://nats.example.org", "tls://host:port"),
    ("mediawall.ingress.host", "https://race.example.org", "a host name alone"),
    ("mediawall.ingress.host", "Race.example.org", "a host name alone, in small letters"),
    ("networkPolicy.relays", ["everywhere"], "a range of addresses, as in 203.0.113.0/24"),
    ("networkPolicy.sites", ["203.0.113.7"], "a range of addresses"),
    ("networkPolicy.sites", ["203.0.113.0/33"], "a range of addresses"),
    ("networkPolicy.operators", ["::/129"], "a range of addresses"),
    ("networkPolicy.siteNamespaces", ["London"], "the name of an object of the cluster"),
    ("persistence.sizes.nats", "lots", "an amount with its unit, as in 512Mi or 64Gi"),
    ("persistence.sizes.nats", 64, "an amount with its unit"),
    ("persistence.sizes.services", "64GB", "an amount with its unit"),
    ("persistence.storageClass", "Fast SSD", "the name of an object of the cluster"),
    ("backup.claim", "64Gi", "the name of an object of the cluster"),
    ("backup.schedule", "every night", "five fields, minute, hour, day, month and weekday"),
    ("backup.schedule", "0 15 2 * * *", "five fields"),
    ("backup.schedule", "75 2 * * *", "five fields"),
    ("backup.schedule", "@dayly", "five fields"),
    ("restore.backup", "2026-07-07", "a backup's name, as in 2026-07-07T02-15-00Z"),
    ("resources.patroni.limits.memory", "2 GB", "an amount with its unit"),
    ("resources.patroni.limits.memory", 2, "an amount with its unit"),
    ("resources.patroni.requests.cpu", "1Gi", "CPUs, as in 2 or 0.5"),
    ("identity.certManager.duration", "90d", "hours, as in 2160h"),
    ("images.registry", "https://registry.example.org", "a host, with port and path if need be"),
    ("images.registry", "registry.example.org/", "a host, with port and path if need be"),
    ("images.tag", "ardoise/full:0.1.0", "a tag alone, as in 0.1.0"),
    ("podLabels.team", "race operations", "up to 63 letters, digits, dashes, dots and underscores"),
    ("priorityClassName", "High", "the name of an object of the cluster"),
]
RIGHT = [
    ("roundTrip.ingest", "203.0.113.7:65535"),
    ("nats.url", "tls://[2001:db8::7]:4222"),
    ("networkPolicy.sites", ["::/0", "2001:db8::/32", "203.0.113.7/32"]),
    ("networkPolicy.relays", []),
    ("images.registry", "registry:5000/race/day-1"),
    ("backup.schedule", "*/20,5 0-6/2 1,15 jan-mar MON"),
    ("backup.schedule", "@daily"),
    ("resources.patroni.requests.cpu", 0.5),
    ("resources.patroni.requests.memory", "2048Mi"),
    ("podLabels.team", ""),
    ("monitoring.operator", loaded("yes")),
    ("monitoring.operator", loaded("no")),
]
# What a person may write in the place of a Secret's name: what is to be in it.
SECRETS = [
    ("database.urlSecret", "postgresql://ardoise:chalk@db/ardoise"),
    ("operators.tokensSecret", "CHALK"),
    ("images.pullSecrets", ["ardoise:chalk"]),
]


def laid(path: str, value: Any) -> dict[str, Any]:
    """A region with one value more."""
    layer = value
    for key in reversed(path.split(".")):
        layer = {key: layer}
    return overlaid(example("amsterdam"), layer)


@pytest.mark.parametrize(("path", "value", "write"), WRONG)
def test_what_is_not_of_a_values_form_says_what_to_write(path: str, value: Any, write: str):
    with pytest.raises(Refused) as refused:
        rendered(laid(path, value))
    shown = value[0] if isinstance(value, list) else value
    assert f"{path} is {shown}: write {write}" in str(refused.value)


@pytest.mark.parametrize(("path", "value"), RIGHT)
def test_what_only_looks_unusual_is_taken(path: str, value: Any):
    assert objects(laid(path, value))


@pytest.mark.parametrize(("path", "value"), SECRETS)
def test_what_may_be_a_secret_is_not_repeated(path: str, value: Any):
    with pytest.raises(Refused) as refused:
        rendered(laid(path, value))
    assert f"{path}: write the name of a Secret" in str(refused.value)
    assert "chalk" not in str(refused.value).lower()
