"""Which run of a drill is whose: in the stretched etcd, beside what the operators remember.

A run is begun once, ever, by one region's operator, and one at a time on the platform; without a majority none is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ardoise.sites.etcd_api import Kept
from ardoise.sites.operations.memory import PREFIX, InTurn
from ardoise.sites.operations.record import InEtcd

RUNS, NOW = f"{PREFIX}/drills/runs", f"{PREFIX}/drills/now"


@dataclass(frozen=True)
class DrillClaim(InEtcd):
    """Whose a run is; it stands for ever."""

    region: str
    drill: str
    """The Drill object's uid, in that region's cluster."""
    due_ms: int
    """Milliseconds since 1970; of a run that was requested: when it was claimed."""


@dataclass(frozen=True)
class Underway(InEtcd):
    """The run that goes on."""

    run_id: str
    region: str
    due_ms: int
    until_ms: int
    """From then on it is nobody's: a region that was lost in it keeps no other from its drills."""


@dataclass(frozen=True)
class Claimed:
    """What is claimed, at one moment."""

    claims: Mapping[str, DrillClaim]
    """By run id; of those that were asked for, where there is one."""
    newest: Underway | None = None
    """What was begun last. It may be over: see `underway`."""
    revision: int = 0
    """Of that."""

    def underway(self, now_ms: int) -> Underway | None:
        """The run that goes on; None: none does."""
        return self.newest if self.newest is not None and now_ms < self.newest.until_ms else None


class DrillClaims(InTurn):
    """What operators of both regions began of drills, and which one goes on."""

    async def read(self, run_ids: Sequence[str]) -> Claimed:
        """What is claimed of these runs, and which goes on. Raises ValueError where it cannot be read."""
        keys = [NOW, *(_key(run_id) for run_id in run_ids)]
        newest, *found = await self._ask(lambda etcd: etcd.read(*keys))
        return Claimed(
            claims=_claims(dict(zip(run_ids, found, strict=True))),
            newest=Underway.from_json(newest.value) if newest.revision else None,
            revision=newest.revision,
        )

    async def begin(self, claim: DrillClaim, run: Underway, seen: Claimed) -> bool:
        """Makes the run this region's, and the one that goes on.

        False: it was claimed before, or another was begun or closed since `seen`.
        """
        unchanged = {_key(run.run_id): 0, NOW: seen.revision}
        values = {_key(run.run_id): claim.to_json(), NOW: run.to_json()}
        return await self._ask(lambda etcd: etcd.write(unchanged, values))

    async def close(self, seen: Claimed, now_ms: int) -> bool:
        """Lets others begin: what was `seen` to go on is over. False: another was begun or closed since."""
        assert seen.newest is not None
        over = replace(seen.newest, until_ms=now_ms)
        return await self._ask(lambda etcd: etcd.write({NOW: seen.revision}, {NOW: over.to_json()}))


def _claims(found: Mapping[str, Kept]) -> dict[str, DrillClaim]:
    return {run_id: DrillClaim.from_json(kept.value) for run_id, kept in found.items() if kept.revision}


def _key(run_id: str) -> str:
    return f"{RUNS}/{run_id}"
