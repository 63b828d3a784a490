"""Which wish is accepted: each request id once, ever, in etcd's order. Pure.

Invariant: an object that is applied again, in either cluster, moves nothing; and the first one that is ever seen adopts
what is, so that an installation over a running race moves nothing either.
"""

from dataclasses import dataclass
from enum import StrEnum

from ardoise.sites.operations.record import Wish


class Ruling(StrEnum):
    """What becomes of an object's wish."""

    ADOPT = "adopt"
    """It is the first: the region that is primary is taken for wished, under its request id."""
    WAIT = "wait"
    """It is the first, and nobody is seen to be primary."""
    CURRENT = "current"
    """It is the accepted one."""
    ACCEPT = "accept"
    """It is a new one."""
    OLD = "old"
    """It was accepted before, and another one after it."""
    OTHER = "other"
    """Its id is the accepted one's, and it names another region: another was adopted, or another object was first."""


@dataclass(frozen=True)
class Ruled:
    """A ruling, and the wish that is accepted from now on (None: none is)."""

    ruling: Ruling
    accepted: Wish | None

    @property
    def diverged(self) -> bool:
        """Whether the object says something else than what was accepted."""
        return self.ruling in (Ruling.OLD, Ruling.OTHER)


def rule(mine: Wish, accepted: Wish | None, used: bool, primary: str) -> Ruled:
    """`mine`: the object's. `accepted`: by either operator, None: none ever was. `used`: whether an accepted wish ever
    bore its id. `primary`: who is seen to be; empty: nobody."""
    if accepted is None:
        if not primary:
            return Ruled(Ruling.WAIT, None)
        return Ruled(Ruling.ADOPT, Wish(mine.request_id, primary))
    if mine.request_id == accepted.request_id:
        same = mine.primary == accepted.primary
        return Ruled(Ruling.CURRENT if same else Ruling.OTHER, accepted)
    if used:
        return Ruled(Ruling.OLD, accepted)
    return Ruled(Ruling.ACCEPT, mine)


def how_to_align(mine: Wish, accepted: Wish) -> str:
    """What the object has to say, so that it says what was accepted; for people."""
    return (
        f"{mine.primary} under {mine.request_id} is not what was accepted last, and moves nothing: write primary: "
        f"{accepted.primary} and requestId: {accepted.request_id}; or, for a change, a requestId that was never used"
    )
