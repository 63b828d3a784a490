"""kopf, as far as it is used: it keeps the objects of the cluster in memory, and answers the kubelet's probe.

No handler of ours is one that keeps progress or finalizers in objects: nothing hangs when the operator is away.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import kopf

from ardoise_operator.kinds import GROUP, VERSION

WATCH_S = 60
"""After so long the server ends a watch, and kopf begins it again where it was."""
WATCH_LIMIT_S = 70.0
"""For who is silent: a watch that died on the way is noticed before its 75 s are over."""
CONNECT_LIMIT_S = 5.0
REQUEST_LIMIT_S = 10.0
RETRIES_S = (0.5, 1, 2, 4)
LONGEST_RETRY_S = 5.0
WATCHERS = "kopf._core.reactor.orchestration"
"""The logger by which kopf says that a task which watches has failed; it says so nowhere else."""


class WatchEnded(Exception):
    """kopf gave a watch up, and begins it never again: what changes from then on would not be seen."""


@dataclass(frozen=True)
class Object:
    """One object, as it was last seen."""

    kind: str
    name: str
    uid: str
    generation: int
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    created: str = ""
    """As the API server writes an instant."""


class ForEver:
    """Waits between attempts, without an end: kopf iterates anew over it for each request."""

    def __iter__(self) -> Iterator[float]:
        return itertools.chain(RETRIES_S, itertools.repeat(LONGEST_RETRY_S))


@dataclass
class Objects:
    """What kopf has in memory, by name, without what is gone: it hears of no deletion while its watch was away."""

    sites: Mapping[str, Collection[Object]] = field(default_factory=dict)
    replications: Mapping[str, Collection[Object]] = field(default_factory=dict)
    drills: Mapping[str, Collection[Object]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Uids of objects that kopf may have still."""

    def all_sites(self) -> list[Object]:
        """Of the namespace."""
        return self._there(self.sites)

    def all_replications(self) -> list[Object]:
        """Of the namespace."""
        return self._there(self.replications)

    def all_drills(self) -> list[Object]:
        """Of the namespace."""
        return self._there(self.drills)

    def looked_for(self, uid: str, there: Set[str]) -> None:
        """`there`: the uids of its kind, as the API server has them."""
        self.gone.add(uid)
        self.gone -= there

    def _there(self, found: Mapping[str, Collection[Object]]) -> list[Object]:
        there = []
        for named in found.values():
            left = sorted((one for one in named if one.uid not in self.gone), key=lambda one: one.created)
            # An older one does not come back once the newest is deleted.
            self.gone.update(one.uid for one in left[:-1])
            there += left[-1:]
        return there


async def heed_watchers() -> None:
    """For ever; begun before kopf is. Raises WatchEnded."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    class Heed(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not ended.done():
                ended.set_exception(WatchEnded(record.getMessage()))

    heed, log = Heed(logging.ERROR), logging.getLogger(WATCHERS)
    log.addHandler(heed)
    try:
        await ended
    finally:
        log.removeHandler(heed)


def seen(body: Mapping[str, Any]) -> Object:
    """An object as kopf has it."""
    about = body["metadata"]
    return Object(
        body["kind"],
        about["name"],
        about["uid"],
        about.get("generation", 0),
        deepcopy(dict(body.get("spec", {}))),
        deepcopy(dict(body.get("status", {}))),
        about.get("creationTimestamp", ""),
    )


def registry(objects: Objects, too_old: Callable[[], str]) -> kopf.OperatorRegistry:
    """What kopf is to do. `too_old`: why the operator is not alive; empty: it is."""
    made = kopf.OperatorRegistry()

    @kopf.on.login(registry=made)
    def login(**asked: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**asked) or kopf.login_with_kubeconfig(**asked)

    @kopf.index(GROUP, VERSION, "sites", id="sites", registry=made)
    def sites(name: str, body: kopf.Body, **_: Any) -> dict[str, Object]:
        return {name: seen(body)}

    @kopf.index(GROUP, VERSION, "replications", id="replications", registry=made)
    def replications(name: str, body: kopf.Body, **_: Any) -> dict[str, Object]:
        return {name: seen(body)}

    @kopf.index(GROUP, VERSION, "drills", id="drills", registry=made)
    def drills(name: str, body: kopf.Body, **_: Any) -> dict[str, Object]:
        return {name: seen(body)}

    @kopf.on.startup(id="remember", registry=made)
    async def remember(sites: kopf.Index, replications: kopf.Index, drills: kopf.Index, **_: Any) -> None:
        objects.sites, objects.replications, objects.drills = sites, replications, drills

    @kopf.on.probe(id="look", registry=made)
    async def look(**_: Any) -> str:
        if why := too_old():
            raise kopf.PermanentError(why)
        return "alive"

    return made


def settings() -> kopf.OperatorSettings:
    """How kopf is to do it."""
    made = kopf.OperatorSettings()
    made.watching.server_timeout = WATCH_S
    made.watching.client_timeout = WATCH_LIMIT_S
    made.watching.connect_timeout = CONNECT_LIMIT_S
    made.watching.inactivity_timeout = WATCH_LIMIT_S
    made.networking.request_timeout = REQUEST_LIMIT_S
    made.networking.connect_timeout = CONNECT_LIMIT_S
    # An API server that is away ends no operator.
    made.networking.error_backoffs = ForEver()
    # Definitions are brought by the same release, and to watch them takes a right of the whole cluster.
    made.scanning.disabled = True
    made.posting.enabled = False
    return made
