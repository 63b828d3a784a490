"""Objects and changes of our own kinds that an API server refuses, each with what a person reads."""

from typing import Any

from tests.support.own_kinds import PRECHECK, condition

TRUCK, LONDON, RACE, WEEKLY = "truck", "london", "race", "region-lost-weekly"
"""Examples that something is laid over."""
GONE = None
"""In the place of a field: it is not there."""
FIVE = "write five fields, minute, hour, day, month and weekday, as in 30 3 * * 2"
ADDRESS = "write host:port, as in truck.example.org:4222, with a port up to 65535"
ZONE = "write a time zone of the IANA list, as in Europe/Amsterdam or Etc/UTC"
# Base, what is laid over its spec, what a person reads.
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a kind that there is not": (TRUCK, {"kind": "Cloud"}, 'supported values: "Edge", "Region"'),
    "no kind": (TRUCK, {"kind": GONE}, "spec.kind: Required value"),
    "no endpoints": (TRUCK, {"endpoints": GONE}, "spec.endpoints: Required value"),
    "an endpoint without a port": (TRUCK, {"endpoints": {"nats": "truck.example.org"}}, ADDRESS),
    "an endpoint that is a URL": (TRUCK, {"endpoints": {"etcd": "https://truck.example.org:2379"}}, ADDRESS),
    "a port above all ports": (TRUCK, {"endpoints": {"sites": "truck.example.org:70000"}}, ADDRESS),
    "an empty endpoint": (TRUCK, {"endpoints": {"sites": ""}}, ADDRESS),
    "two servers at one address": (
        LONDON,
        {"endpoints": {"patroni": "data.london.example.org:5432"}},
        "two servers have the same host:port: write for each its own",
    ),
    "a region without a database": (
        LONDON,
        {"endpoints": {"postgres": GONE}},
        "add endpoints.patroni, endpoints.postgres and endpoints.standIn, each as host:port",
    ),
    "a truck with a database": (
        TRUCK,
        {"endpoints": {"patroni": "truck.example.org:8008"}},
        "an Edge has no database: take endpoints.patroni, endpoints.postgres and endpoints.standIn out",
    ),
    "no credentials": (TRUCK, {"credentials": GONE}, "spec.credentials: Required value"),
    "one Secret for two CAs": (
        TRUCK,
        {"credentials": {"dataPlaneSecretRef": {"name": "ardoise-identity"}}},
        "they are of two CAs, make one for each",
    ),
    "the truck as primary": (
        RACE,
        {"primary": "truck"},
        "spec.primary: Invalid value: truck is no region of this Replication: write amsterdam or london",
    ),
    "no primary": (RACE, {"primary": GONE}, "spec.primary: Required value"),
    "a wish without a name": (RACE, {"requestId": GONE}, "spec.requestId: Required value"),
    "a name of a wish with a space": (
        RACE,
        {"requestId": "to London"},
        "1 to 64 letters, digits and hyphens",
    ),
    "an empty name of a wish": (RACE, {"requestId": ""}, "1 to 64 letters, digits and hyphens"),
    "no mode": (RACE, {"mode": GONE}, "spec.mode: Required value"),
    "a mode that there is not": (
        RACE,
        {"mode": "Off"},
        'supported values: "Automatic", "Manual", "ObserveOnly"',
    ),
    "one region": (
        RACE,
        {"sites": {"regions": ["amsterdam"]}},
        "spec.sites.regions in body should have at least 2 items",
    ),
    "a region twice": (RACE, {"sites": {"regions": ["amsterdam", "amsterdam"]}}, "Duplicate value"),
    "the truck among the regions": (
        RACE,
        {"sites": {"edge": "london"}},
        "edge is in regions too: the truck has no database, name the two regions alone there",
    ),
    "no cool-down": (
        RACE,
        {"limits": {"coolDownSeconds": 5}},
        "spec.limits.coolDownSeconds in body should be greater than or equal to 60",
    ),
    "a limit in words": (RACE, {"limits": {"walLagBytes": "16Mi"}}, "must be of type integer"),
    "forced at once": (
        RACE,
        {"force": {"requestId": "as-installed", "acceptedLossMessages": 0}},
        "a new object adopts what is and forces nothing: create it without force",
    ),
    "no drill of that name": (WEEKLY, {"scenario": "region-losst"}, 'supported values: "precheck"'),
    "no schedule": (WEEKLY, {"schedule": GONE}, "spec.schedule: Required value"),
    "a schedule in words": (WEEKLY, {"schedule": "every Tuesday"}, FIVE),
    "a schedule of six fields": (WEEKLY, {"schedule": "0 30 3 * * 2"}, FIVE),
    "a schedule by a short name": (WEEKLY, {"schedule": "@weekly"}, FIVE),
    "an hour that no day has": (WEEKLY, {"schedule": "30 25 * * 2"}, FIVE),
    "no time zone": (WEEKLY, {"timeZone": GONE}, "spec.timeZone: Required value"),
    "a time zone in words": (WEEKLY, {"timeZone": "Amsterdam time"}, ZONE),
    "a drill without a budget": (
        WEEKLY,
        {"budgets": GONE},
        "a drill has to say what it may cost: add budgets.recoverySeconds and budgets.lostFixes",
    ),
    "half a budget": (WEEKLY, {"budgets": {"lostFixes": GONE}}, "spec.budgets.lostFixes: Required value"),
    "a precheck with a budget": (
        WEEKLY,
        {"scenario": PRECHECK},
        "a precheck breaks nothing and costs nothing: take budgets out",
    ),
    "a budget with a unit": (WEEKLY, {"budgets": {"recoverySeconds": "25s"}}, "must be of type integer"),
    "no recovery at all": (
        WEEKLY,
        {"budgets": {"recoverySeconds": 0}},
        "spec.budgets.recoverySeconds in body should be greater than or equal to 1",
    ),
    "aborted by what is no condition": (
        WEEKLY,
        {"abortConditions": [{"type": "Tired", "status": "True"}]},
        'supported values: "Protected"',
    ),
    "aborted twice by one condition": (
        WEEKLY,
        {"abortConditions": [{"type": "Degraded", "status": one} for one in ("True", "Unknown")]},
        "spec.abortConditions[1]: Duplicate value",
    ),
    "no end of history": (
        WEEKLY,
        {"historyLimit": 1000},
        "spec.historyLimit in body should be less than or equal to 50",
    ),
    "a drill of nothing": (WEEKLY, {"replicationRef": GONE}, "spec.replicationRef: Required value"),
}

FORCE = {"requestId": "london-1", "acceptedLossMessages": "Unknown"}
TO_LONDON = {"primary": "london", "requestId": "london-1"}
# Base, a first change that is taken, the change that is refused, what a person reads.
CHANGES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "a truck that becomes a region": (
        TRUCK,
        {},
        {"kind": "Region"},
        "a site's kind does not change: make another Site under another name",
    ),
    "other sites": (
        RACE,
        {},
        {"sites": {"regions": ["amsterdam", "paris"]}},
        "the sites of a Replication do not change: make another Replication",
    ),
    "another primary under the old name": (
        RACE,
        {},
        {"primary": "london"},
        "another primary is another wish: change requestId with it, to a value that was never used",
    ),
    "forced under the old name": (
        RACE,
        {},
        {"force": {**FORCE, "requestId": "as-installed"}},
        "a forced failover is a wish of its own: change requestId and force.requestId with it",
    ),
    "forced under another name": (
        RACE,
        {},
        {**TO_LONDON, "force": {**FORCE, "requestId": "london-2"}},
        "force belongs to another requestId: take force out for a planned change",
    ),
    "a planned change with force left over": (
        RACE,
        {**TO_LONDON, "force": FORCE},
        {"primary": "amsterdam", "requestId": "amsterdam-2"},
        "force belongs to another requestId: take force out for a planned change",
    ),
    "more loss accepted afterwards": (
        RACE,
        {**TO_LONDON, "force": {**FORCE, "acceptedLossMessages": 4}},
        {"force": {"acceptedLossMessages": "Unknown"}},
        "a forced failover is a wish of its own",
    ),
    "forced without a loss": (
        RACE,
        {},
        {**TO_LONDON, "force": {"requestId": "london-1"}},
        "spec.force.acceptedLossMessages: Required value",
    ),
    "forced with a loss in words": (
        RACE,
        {},
        {**TO_LONDON, "force": {**FORCE, "acceptedLossMessages": "some"}},
        "name the loss that is accepted: write a number of messages from 0, or Unknown for any loss",
    ),
    "a wish under an operator's own name": (
        RACE,
        {},
        {**TO_LONDON, "requestId": "failback-2"},
        "failback- and failover- begin the names of what operators do by themselves: write another requestId",
    ),
    "forced while nobody acts": (
        RACE,
        {"mode": "ObserveOnly"},
        {**TO_LONDON, "force": FORCE},
        "in mode ObserveOnly nothing is forced: set mode to Manual or Automatic, or take force out",
    ),
    "another scenario": (
        WEEKLY,
        {},
        {"scenario": "switchover"},
        "history is of one scenario: make another Drill for another one",
    ),
    "another Replication": (
        WEEKLY,
        {},
        {"replicationRef": {"name": "other"}},
        "history is of one Replication: make another Drill for another one",
    ),
}
WRONG_STATUS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a lag below nothing": (
        LONDON,
        {"lag": {"mirrorMessages": -1, "walBytes": 0}},
        "greater than or equal to 0",
    ),
    "a word for not known": (LONDON, {"timeline": "none"}, "should match '^Unknown$'"),
    "a lag that says nothing": (
        LONDON,
        {"lag": {"walBytes": 0}},
        "status.lag.mirrorMessages: Required value",
    ),
    "a condition of another's words": (
        RACE,
        {"conditions": [condition("Available", "True", "Well")]},
        'supported values: "Degraded"',
    ),
    "a condition twice": (
        RACE,
        {"conditions": [condition("Ready", one, "Well") for one in ("True", "False")]},
        "status.conditions[1]: Duplicate value",
    ),
    "a condition that is neither": (
        RACE,
        {"conditions": [condition("Ready", "Yes", "Well")]},
        'supported values: "True", "False", "Unknown"',
    ),
    "a verdict that no drill has": (WEEKLY, {"verdict": "Fine"}, 'supported values: "Held"'),
}
