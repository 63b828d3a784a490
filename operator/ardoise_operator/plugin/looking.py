"""A look at one region's cluster, and one after another."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from ardoise_operator.plugin.api import EVERYWHERE, Api, Object
from ardoise_operator.plugin.picture import Picture, only_one
from ardoise_operator.plugin.problem import Problem


def look(api: Api, name: str) -> Picture:
    """`name` of the Replication; empty: the only one. Raises Problem."""
    found = api.listed("Replication")
    matching = [one for one in found if name in ("", one["metadata"]["name"])]
    elsewhere = [] if matching else _of_all_namespaces(api, name)
    replication = only_one(found, name, api.namespace, elsewhere)
    names = {replication["spec"]["sites"]["edge"], *replication["spec"]["sites"]["regions"]}
    sites = [one for one in api.listed("Site") if one["metadata"]["name"] in names]
    return Picture(replication, sites, datetime.now(UTC))


def _of_all_namespaces(api: Api, name: str) -> list[Object]:
    """As far as they may be seen."""
    try:
        found = api.listed("Replication", EVERYWHERE)
    except Problem:
        return []
    return [one for one in found if name in ("", one["metadata"]["name"])]


def every(seconds: float, limit_s: float) -> Iterator[None]:
    """At once, and then so often until the time is over; the last time when it just is."""
    deadline = time.monotonic() + limit_s
    while True:
        yield
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return
        time.sleep(min(seconds, left_s))
