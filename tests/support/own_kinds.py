"""Our own kinds of object: their definitions as the chart makes them, the examples, and a status of each."""

from collections.abc import Iterator
from typing import Any

import yaml

from tests.support.chart import CHART, DEFINITION, Object, example, objects, of_kind

GROUP, VERSION = "ardoise.dev", "v1alpha1"
PLURALS = {"Site": "sites", "Replication": "replications", "Drill": "drills"}
PRECHECK = "precheck"
EXAMPLE_FILES = [
    CHART / "examples" / "objects" / f"{name}.yaml" for name in ("sites", "replication", "drill")
]
NOON = "2026-07-07T12:00:00Z"


def definitions() -> dict[str, Object]:
    """By kind, as a region's release brings them."""
    made = of_kind(objects(example("amsterdam")), DEFINITION)
    return {one["spec"]["names"]["kind"]: one for one in made.values()}


def example_objects() -> dict[str, Object]:
    """By name, as charts/ardoise/examples/objects has them."""
    found = [one for path in EXAMPLE_FILES for one in yaml.safe_load_all(path.read_text())]
    return {one["metadata"]["name"]: one for one in found}


def schema_of(definition: Object) -> dict[str, Any]:
    """The schema of its one version."""
    (version,) = definition["spec"]["versions"]
    return version["schema"]["openAPIV3Schema"]


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(path, schema) of a schema and of everything below it; `[]` stands for the items of a list."""
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from fields(below, f"{path}.{name}")
    if "items" in schema:
        yield from fields(schema["items"], f"{path}[]")


def condition(kind: str, status: str, reason: str, message: str = "") -> dict[str, Any]:
    """One of a status."""
    said = {"type": kind, "status": status, "reason": reason, "message": message}
    return {**said, "lastTransitionTime": NOON, "observedGeneration": 1}


def link(seen_from: str, reachable: str, round_trip_ms: int | str) -> dict[str, Any]:
    """One of a Site's status."""
    return {"from": seen_from, "reachable": reachable, "roundTripMilliseconds": round_trip_ms}


MIRROR = {"stream": "LOG_1783418400000", "state": "following", "reason": "", "behindMessages": 2}
LOG = {"epoch": 1783418400000, "firstSequence": 1, "lastSequence": 4180}
MEASURED = {"recoveryMilliseconds": 20310, "lostFixes": 0, "acknowledgedFixes": 51200, "replayedFixes": 880}
MOVED = {
    **{"id": "2026-07-06-amsterdam-1", "type": "Switchover", "from": "london", "to": "amsterdam"},
    **{"outcome": "Moved", "startedAt": NOON, "finishedAt": NOON, "writesInterruptedMilliseconds": 2450},
    **{"lostMessages": 0, "lostDecisions": 0, "replayedMessages": 3},
}
FORCED = {
    **{"id": "2026-07-05-london-1", "type": "ForcedFailover", "from": "Unknown", "to": "london"},
    **{"outcome": "Moved", "startedAt": NOON, "writesInterruptedMilliseconds": "Unknown"},
    **{"acceptedLossMessages": "Unknown", "lostMessages": 4, "lostDecisions": "Unknown"},
    "lost": [{"epoch": 1783418400000, "firstSequence": 4177, "lastSequence": 4180}],
}
STATUS: dict[str, dict[str, Any]] = {
    "truck": {
        **{
            "observedGeneration": 1,
            "observedAt": NOON,
            "seenFrom": "amsterdam",
            "role": "Origin",
            "log": LOG,
        },
        "links": [link("amsterdam", "True", 41), link("london", "Unknown", "Unknown")],
        "conditions": [condition("Ready", "True", "Answers")],
    },
    "amsterdam": {
        **{"role": "Primary", "timeline": 7, "log": {**LOG, "lastSequence": 4178, "watermark": 4177}},
        **{"lag": {"mirrorMessages": 2, "walBytes": 0}, "mirrors": [MIRROR]},
        "conditions": [condition("Ready", "True", "Answers"), condition("Degraded", "False", "Whole")],
    },
    "london": {
        **{
            "role": "Unknown",
            "timeline": "Unknown",
            "lag": {"mirrorMessages": "Unknown", "walBytes": "Unknown"},
        },
        "log": {"epoch": "Unknown", "firstSequence": "Unknown", "lastSequence": "Unknown"},
        "links": [{**link("amsterdam", "False", "Unknown"), "silentSince": NOON}],
        "conditions": [condition("Ready", "Unknown", "Silent", "london does not answer amsterdam")],
    },
    "race": {
        **{"observedGeneration": 1, "seenFrom": "amsterdam", "primary": "amsterdam", "timeline": 7},
        **{"epoch": LOG["epoch"], "acceptedRequestId": "as-installed", "acceptedPrimary": "amsterdam"},
        "canPromote": [
            {
                "site": "amsterdam",
                "status": "True",
                "reasons": ["synchronous member: every decision is here"],
            },
            {"site": "london", "status": "Unknown", "reasons": ["it does not answer amsterdam"]},
        ],
        "lossNow": {
            **{"region": "london", "messages": "Unknown", "raceMilliseconds": "Unknown"},
            "decisions": "Unknown",
        },
        "operation": {
            **{"id": "as-installed", "type": "Failover", "from": "amsterdam", "to": "london"},
            **{"step": "Rejoining", "startedAt": NOON},
            "steps": [{"step": "SetAside", "finishedAt": NOON, "message": "3 rows"}],
        },
        "history": [MOVED, FORCED],
        "conditions": [
            condition("Ready", "True", "AsWished"),
            condition("Protected", "Unknown", "StandbySilent", "london: it does not answer amsterdam"),
        ],
    },
    "region-lost-weekly": {
        **{"runId": "region-lost-weekly-3", "phase": "Finished", "verdict": "Failed"},
        **{"failedStep": "await-promotion", "reasons": ["decisions stood for 31 s, at most 25 s"]},
        **{
            "startedAt": NOON,
            "finishedAt": NOON,
            "nextRunAt": NOON,
            "report": "configmap/region-lost-weekly-3",
        },
        "measured": MEASURED,
        "history": [
            {
                **{"runId": "region-lost-weekly-2", "verdict": "Held", "startedAt": NOON, "finishedAt": NOON},
                "measured": {"recoveryMilliseconds": "Unknown", "lostFixes": "Unknown"},
            }
        ],
        "conditions": [condition("Ready", "True", "Understood")],
    },
}
"""Of each example, by name: one of a good day, and what can be Unknown."""
