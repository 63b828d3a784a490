"""What one region's cluster says at one moment: a Replication and its Sites, as the operator writes them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from ardoise_operator.plugin.problem import Misused, Problem
from ardoise_operator.plugin.words import UNKNOWN, count, perhaps, span

STALE = timedelta(seconds=30)
"""The operator writes every 10 s, also where nothing changes."""
GOOD = {"Ready", "Protected", "PicturesEqual"}
"""Conditions that should be so; all others should not."""
REJOINING = "Rejoining"
"""The step at which the primary has moved, and the former one does not follow yet."""

type Object = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """One of an object's."""

    type: str
    status: str
    reason: str
    message: str
    since: datetime | None

    @property
    def is_good(self) -> bool:
        """Whether it is as it should be."""
        return self.status == ("True" if self.type in GOOD else "False")


def conditions(thing: Object) -> dict[str, Condition]:
    """Of an object, by type."""
    return {
        one["type"]: Condition(
            one["type"],
            one["status"],
            one.get("reason", ""),
            one.get("message", ""),
            perhaps(one.get("lastTransitionTime")),
        )
        for one in thing.get("status", {}).get("conditions", ())
    }


@dataclass(frozen=True)
class Picture:
    """At one moment."""

    replication: Object
    sites: Sequence[Object]
    now: datetime
    """By this machine's clock."""

    @property
    def name(self) -> str:
        """The Replication's."""
        return self.replication["metadata"]["name"]

    @property
    def version(self) -> str:
        """Of the object, as it was read."""
        return self.replication["metadata"].get("resourceVersion", "")

    @property
    def generation(self) -> int:
        """Of its spec."""
        return self.replication["metadata"].get("generation", 0)

    @property
    def spec(self) -> Object:
        """What is wanted."""
        return self.replication["spec"]

    @property
    def status(self) -> Object:
        """What is seen; empty: nobody has written it yet."""
        return self.replication.get("status", {})

    @property
    def regions(self) -> list[str]:
        """Both."""
        return list(self.spec["sites"]["regions"])

    def other(self, region: str) -> str:
        """The region that is not this one."""
        return next((one for one in self.regions if one != region), UNKNOWN)

    @property
    def seen_from(self) -> str:
        """The region whose cluster this is; Unknown before its operator has looked."""
        return self.status.get("seenFrom", UNKNOWN)

    @property
    def primary(self) -> str:
        """Who is seen to be; Unknown: nobody."""
        return self.status.get("primary", UNKNOWN)

    @property
    def operation(self) -> Object | None:
        """What is being done."""
        return self.status.get("operation")

    @property
    def moving(self) -> Object | None:
        """The operation, as long as it has not moved the primary."""
        running = self.operation
        return running if running is not None and running["step"] != REJOINING else None

    @property
    def history(self) -> list[Object]:
        """Changes of the primary, newest first."""
        return list(self.status.get("history", ()))

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """The Replication's, by type."""
        return conditions(self.replication)

    def says(self, kind: str) -> str:
        """Whether a condition is so; Unknown where nothing is said of it."""
        return self.conditions[kind].status if kind in self.conditions else UNKNOWN

    def verdict(self, region: str) -> tuple[str, list[str]]:
        """Whether a region could be promoted now without loss, and why, or why not."""
        for one in self.status.get("canPromote", ()):
            if one["site"] == region:
                return one["status"], list(one.get("reasons", ()))
        return UNKNOWN, []

    def site(self, name: str) -> Object:
        """Its object; empty: there is none."""
        return next((one for one in self.sites if one["metadata"]["name"] == name), {})

    @property
    def looked_at(self) -> datetime | None:
        """When the operator last looked; None: never."""
        return perhaps(self.status.get("observedAt"))

    @property
    def answers_to_spec(self) -> bool:
        """Whether the operator has seen the newest spec."""
        return self.status.get("observedGeneration", 0) >= self.generation

    @property
    def blind(self) -> str:
        """Why what is seen here cannot be relied on now, and what to do; empty: it can."""
        if self.looked_at is None:
            return (
                "no operator has looked at it yet: see whether one runs in this namespace, "
                "kubectl get pods -l app.kubernetes.io/component=operator"
            )
        if self.is_old:
            age = self.now - self.looked_at
            return (
                f"its operator has not looked for {span(round(age.total_seconds()))}: see whether it runs, "
                "kubectl get pods -l app.kubernetes.io/component=operator; or ask the other region's cluster, --context"
            )
        if self.no_majority:
            return (
                "etcd has no majority, so nobody acts: wait for the truck or the other region, or see "
                "kubectl ardoise break-glass"
            )
        ready = self.conditions.get("Ready")
        if ready is not None and ready.reason == "SitesSilent":
            return f"its operator is not answered: {ready.message}; ask the other region's cluster, --context"
        return ""

    @property
    def is_old(self) -> bool:
        """Whether nobody has looked for a while, or ever."""
        return self.looked_at is None or self.now - self.looked_at > STALE

    @property
    def no_majority(self) -> bool:
        """Whether the operator says that etcd has none."""
        ready = self.conditions.get("Ready")
        return ready is not None and ready.reason == "NoMajority"

    @property
    def is_ready(self) -> bool:
        """Whether what is wanted is what is, and somebody has looked a moment ago."""
        return not self.blind and self.answers_to_spec and self.says("Ready") == "True"


def only_one(found: Sequence[Object], name: str, namespace: str, elsewhere: Sequence[Object]) -> Object:
    """The Replication that is meant. `name` empty: there should be one only. `elsewhere`: those of all namespaces,
    as far as they may be seen. Raises Problem."""
    if name:
        found = [one for one in found if one["metadata"]["name"] == name]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(one["metadata"]["name"] for one in found)
        raise Misused(
            f"there are {count(len(found), 'Replication')} in namespace {namespace}: add --replication, one of {names}"
        )
    what = f"Replication {name}" if name else "Replication"
    there = sorted({one["metadata"]["namespace"] for one in elsewhere})
    if there:
        raise Misused(f"there is no {what} in namespace {namespace}: add -n {' or -n '.join(there)}")
    raise Problem(
        f"there is no {what} in namespace {namespace}: apply one, charts/ardoise/examples/objects/replication.yaml; "
        "or give another --context"
    )
