"""Whether the platform is well enough to be drilled. Pure: a drill on a degraded platform would be a disaster."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ardoise.rehearsal.drills.scenario import REGIONS, Cast, Place
from ardoise.up.patroni import WAL_BOUNDS_MB

RUNNING, HELD, REGION = "running", "held", "region"
LEADER, SYNCHRONOUS = "leader", "sync_standby"
MEMBER_STATES = {"running", "streaming"}
LEVEL = 100
_SIZE = re.compile(r"(-?\d+) *(kB|MB|GB|TB|)")
_UNITS_MB = {"kB": 1 / 1024, "": 1, "MB": 1, "GB": 1024, "TB": 1024**2}


@dataclass(frozen=True)
class Platform:
    """What was found."""

    state: Mapping[str, Any]
    """Of `ardoise sites up`."""
    members: tuple[Mapping[str, Any], ...]
    """Of the stretched database, as Patroni lists them."""
    parameters: Mapping[str, Any]
    """PostgreSQL's, as Patroni keeps them in etcd for both servers; empty: nobody says."""
    etcd_leader: str
    """The site whose member leads; empty: not known."""
    positions: Mapping[str, Mapping[int, int]]
    """Last sequence of every log, by site and epoch; a site that does not answer is absent."""
    race_on: bool
    """A race that is not over is live."""


def objections(found: Platform) -> list[str]:
    """Why no drill may begin; empty: it may."""
    return [
        *_parts(found.state),
        *_links(found.state),
        *_clocks(found.state),
        *_disks(found.state),
        *_database(found.members),
        *_wal(found.parameters),
        *_mirrors(found),
        *(["a race is live: finish it first, a drill takes its place"] if found.race_on else []),
    ]


def settling(found: Platform) -> list[str]:
    """What passes by itself within seconds of a change of the primary, and is waited for."""
    if any(member["role"] == LEADER and member["name"] == found.etcd_leader for member in found.members):
        # Lost together, an election and a whole new lease would stand before the promotion.
        return [f"etcd is led from {found.etcd_leader}, the primary's region: the other is to take over"]
    return []


def mending(state: Mapping[str, Any], paused: Iterable[tuple[str, tuple[str, ...]]]) -> list[str]:
    """The commands that put right what a drill left broken. `paused`: parts of sites that it had stopped."""
    resumed = [f"ardoise sites part resume {' '.join((site, *parts))}" for site, parts in sorted(paused)]
    whole = [f"ardoise sites link {link['sender']} {link['receiver']}" for link in state["links"]]
    restored = [
        f"ardoise sites part restore {' '.join((site, *held))}"
        for site, found in state["sites"].items()
        if (held := [name for name, part in found["parts"].items() if part["state"] == HELD])
    ]
    right = [
        f"ardoise sites clock {site} 0" for site, found in state["sites"].items() if found["clock_ahead_s"]
    ]
    eased = [
        f"ardoise sites part ease-disk {site}" for site, found in state["sites"].items() if found["disk"]
    ]
    # At once: no member of etcd is ready alone.
    together = [f"{' & '.join(restored)} & wait"] if len(restored) > 1 else restored
    return [*resumed, *eased, *whole, *right, *together]


def cast_of(found: Platform) -> Cast:
    """Which site is what. Raises ValueError where there is no primary or no standby."""
    sites = found.state["sites"]
    regions = [name for name, site in sites.items() if site["kind"] == REGION]
    leaders = [member["name"] for member in found.members if member["role"] == LEADER]
    others = [name for name in regions if name not in leaders]
    if len(leaders) != 1 or len(others) != 1:
        raise ValueError(f"there is not one primary and one standby: {leaders or 'no primary'}, {others}")
    truck = next(name for name, site in sites.items() if site["kind"] != REGION)
    return {Place.TRUCK: truck, Place.PRIMARY: leaders[0], Place.STANDBY: others[0]}


def _parts(state: Mapping[str, Any]) -> Iterator[str]:
    for site, found in state["sites"].items():
        for name, part in found["parts"].items():
            if part["state"] != RUNNING:
                yield f"{site}: {name} is {part['state']}"


def _links(state: Mapping[str, Any]) -> Iterator[str]:
    for link in state["links"]:
        yield f"the link from {link['sender']} to {link['receiver']} is not whole"


def _clocks(state: Mapping[str, Any]) -> Iterator[str]:
    for site, found in state["sites"].items():
        if found["clock_ahead_s"]:
            yield f"{site}: its clock is {found['clock_ahead_s']:+d} s off"


def _disks(state: Mapping[str, Any]) -> Iterator[str]:
    for site, found in state["sites"].items():
        if found["disk"]:
            yield f"{site}: its disk is {found['disk']}"


def _database(members: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    roles = [member["role"] for member in members]
    if roles.count(LEADER) != 1:
        yield "the database has no primary"
    if SYNCHRONOUS not in roles:
        yield "no region is synchronous: the other could not take over without loss"
    for member in members:
        if member["state"] not in MEMBER_STATES:
            yield f"{member['name']}: the database is {member['state']}"
    if len(members) != len(REGIONS):
        yield f"the database has {len(members)} of {len(REGIONS)} members"


def _wal(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, megabytes in WAL_BOUNDS_MB.items():
        if parameters and _megabytes(said := parameters.get(name)) < megabytes:
            yield f"the database's {name} is {said}, less than {megabytes} MB: a drill may have left Patroni so"


def _megabytes(said: object) -> float:
    """Of a bound that PostgreSQL counts in megabytes; -1: there is none."""
    number = _SIZE.fullmatch(str(said))
    if number is None:
        return 0
    return float(number[1]) * _UNITS_MB[number[2]] if number[1] != "-1" else float("inf")


def _mirrors(found: Platform) -> Iterator[str]:
    sites = found.state["sites"]
    truck = next(name for name, site in sites.items() if site["kind"] != REGION)
    for site in sites:
        if site not in found.positions:
            yield f"{site}: nats-server does not answer"
    for epoch, last in found.positions.get(truck, {}).items():
        for site, logs in found.positions.items():
            if last - logs.get(epoch, 0) > LEVEL:
                yield f"{site}: its mirror of log {epoch} is {last - logs.get(epoch, 0)} behind"
