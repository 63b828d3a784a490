"""Sites as the examples make them, and as the values' other branches do."""

import pytest

from tests.support.chart import CERT_MANAGER, EVERYTHING, EXAMPLES, Object, example, objects, overlaid

RESTORED = {"restore": {"backup": "2026-07-07T02-15-00Z"}}
TOGETHER = {"services": {"together": True}, "mediawall": {"autoscaling": {"enabled": False}}}
CASES = {
    **{path.stem: (path.stem, {}) for path in EXAMPLES},
    "truck-apart": ("truck", {"services": {"together": False}}),
    "region-together": (
        "amsterdam",
        {"services": {"together": True}, "mediawall": {"autoscaling": {"enabled": False}}},
    ),
    "truck-cert-manager": ("truck", CERT_MANAGER),
    "region-cert-manager": ("london", CERT_MANAGER),
    "region-restored": ("amsterdam", RESTORED),
    "external-nats": ("amsterdam", {"nats": {"url": "tls://nats.example.org:4222"}}),
    "external-database": ("london", {"database": {"urlSecret": "database"}, "backup": {"enabled": False}}),
    "race-day": ("amsterdam", {"disruption": {"allowed": False}, "priorityClassName": "race"}),
}


@pytest.fixture(scope="session")
def site_objects() -> dict[str, list[Object]]:
    """What each case makes, all that a cluster may know of included."""
    return {
        name: objects(overlaid(example(base), EVERYTHING, layer)) for name, (base, layer) in CASES.items()
    }


@pytest.fixture(params=CASES)
def made(request: pytest.FixtureRequest, site_objects: dict[str, list[Object]]) -> list[Object]:
    """The objects of one case after the other."""
    return site_objects[request.param]
