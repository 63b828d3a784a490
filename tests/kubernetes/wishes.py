"""What is wished in the objects of both regions, and what they tell came of it."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from ardoise.rehearsal.drills.conditions import primary_is
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.scenario import EVERYWHERE, Cast, Do, Promise, Step, WaitUntil
from ardoise.rehearsal.drills.waits import Wait
from ardoise.sites.operations.memory import LEASE, PREFIX, WISH
from ardoise.sites.operations.record import Wish
from ardoise.sites.switchover import COOL_DOWN_S

from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.race import PRIMARY, STANDBY, status, well_again
from tests.kubernetes.release import Release
from tests.support.operators import condition

SHOWN_LIMIT_S = 90.0
"""A cool-down of 60 s may stand before it."""
TOLD_LIMIT_S = 120.0
"""An API server that is back is written to within 30 s, and the old primary follows by then."""
MOVES = Promise(screens=EVERYWHERE, writes_within=Wait.CUT_SHORT)
_ATTEMPTS = count(1)


def step(says: str, work: Callable[[Cast], object]) -> Do:
    """`work` may block."""

    async def done(cast: Cast) -> None:
        await asyncio.to_thread(work, cast)

    return Do(says, done)


def attempt(name: str) -> str:
    """A requestId that was never used: a test that is tried again wishes anew."""
    return f"{name}-{next(_ATTEMPTS)}"


def wish(release: Release, primary: str, request_id: str) -> None:
    """In one region's object."""
    change = json.dumps({"spec": {"primary": primary, "requestId": request_id}})
    release.kubectl("patch", "replication", "race", "--type=merge", "--patch", change)


def wished(objects: dict[str, Release], request_id: str) -> Do:
    """In both objects, as GitOps does."""

    def patched(cast: Cast) -> None:
        for release in objects.values():
            wish(release, cast[STANDBY], request_id)

    return step(f"spec.primary is changed, {request_id}", patched)


def moved(*first: Step) -> tuple[Step, ...]:
    """Steps of a drill whose primary moves."""
    return (*first, WaitUntil(primary_is(STANDBY), Wait.NORMAL_AGAIN), *well_again(PRIMARY))


def step_shown(release: Release, limit_s: float = SHOWN_LIMIT_S) -> str:
    """The step of its operation, as soon as its object shows one."""
    return eventually(
        lambda: status(release).get("operation", {}).get("step"), f"step shown by {release.site}", limit_s
    )


def told(release: Release, request_id: str) -> list[dict[str, Any]]:
    """What its object says that came of a wish: once it is over, one at most."""
    return [one for one in status(release).get("history", ()) if one["id"] == request_id]


def cooled(release: Release) -> bool:
    """Whether the cool-down of the last change is over."""
    ended = (one["finishedAt"] for one in status(release).get("history", ())[:1])
    before = datetime.now(UTC) - timedelta(seconds=COOL_DOWN_S)
    return all(datetime.fromisoformat(at) < before for at in ended)


def carried_out_once(
    objects: dict[str, Release], request_id: str, lost: tuple[int | str, ...] = (0,)
) -> dict[str, Any]:
    """Both objects tell it, and that nothing goes on any more."""

    def is_over(release: Release) -> bool:
        seen = status(release)
        so = condition(seen, "Ready") == ("True", "AsWished") and "operation" not in seen
        # What stands there may be older than the wish: nobody could write it down.
        return so and any(one["id"] == request_id for one in seen.get("history", ()))

    for region, release in objects.items():
        eventually(lambda release=release: is_over(release), f"end shown by {region}", TOLD_LIMIT_S)
        found = told(release, request_id)
        print(region, found)
        assert [one["outcome"] for one in found] == ["Moved"]
        assert found[0]["lostMessages"] in lost
    return found[0]


def holder(reached: Reached) -> str:
    """Whose lease it is: a region, and which of its operators; empty: nobody's."""
    (kept,) = reached.etcd("truck").read(LEASE)
    return kept.value.decode()


def accepted(reached: Reached) -> Wish:
    """Last."""
    (kept,) = reached.etcd("truck").read(WISH)
    return Wish.from_json(kept.value)


def was_accepted(reached: Reached, request_id: str) -> bool:
    """Ever."""
    return reached.etcd("truck").read(f"{PREFIX}/wishes/{request_id}")[0].revision > 0
