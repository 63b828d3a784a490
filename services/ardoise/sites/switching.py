"""Carries out a planned change of the primary, and puts the old one back where its end would be nobody.

Patroni moves the leadership first and asks the guard of the new one afterwards. Where that refuses, the old primary
is no synchronous member any more, and nobody takes over by himself (Patroni 4.1). The new one keeps away for a lease:
in that time the leadership is given back to the old one, which has every decision, since nobody has written after it.
A target that dies before it leads needs nothing of ours: Patroni makes the old one primary again.
"""

import asyncio
import time

import structlog

from ardoise.sites.patroni import NoWord, Patroni
from ardoise.sites.switchover import Outcome, outcome

OUTCOME_LIMIT_S = 60.0
"""Three leases, each with its promotion: whoever is to lead by himself leads by then."""
LOOK_EVERY_S = 0.5
NOBODY_LOOKS = 3
"""So many looks after one another: between two leaders there is nobody for a moment."""

_log = structlog.get_logger(__name__)


class SwitchoverRefused(RuntimeError):
    """It was not begun, or it came to nothing; the message says why and who is primary."""


async def switch_over(patroni: Patroni, old: str, new: str, timeline: int | None = None) -> str:
    """Moves the leadership and waits for what comes of it; returns Patroni's word. Raises SwitchoverRefused.

    `timeline`: of the old primary, where it was decided; on another one nothing is begun.
    """
    before = await patroni.member(old)
    if before is None or not before.primary or timeline not in (None, before.timeline):
        raise SwitchoverRefused(f"{old}'s Patroni does not say that it is primary: look at the status again")
    try:
        # Said as soon as the target has the lease: its guard may still refuse.
        word = await patroni.switch_over(old, new)
    except NoWord as error:
        word = str(error)
    await see_through(patroni, old, new, before.timeline, word)
    return word


async def see_through(
    patroni: Patroni, old: str, new: str, timeline: int, word: str, *, patience_s: float = 0.0
) -> None:
    """Returns once the target is primary; gives the leadership back where nobody would have it.

    `timeline`: the old primary's, before. `patience_s`: for how long an old primary may only not have begun to stop, as
    seen by one who did not ask Patroni himself. Raises SwitchoverRefused where it came to nothing.
    """
    nobody = 0
    began_s = time.monotonic()
    while True:
        one, other = await asyncio.gather(patroni.member(old), patroni.member(new))
        came = outcome(one, other, timeline)
        if came is Outcome.MOVED:
            return
        passed_s = time.monotonic() - began_s
        if one is not None and came is Outcome.STAYED:
            again = one.timeline > timeline
            if again or passed_s >= patience_s:
                raise SwitchoverRefused(f"{old} is primary {'again' if again else 'still'}: {word}")
        nobody = nobody + 1 if came is Outcome.NOBODY else 0
        if nobody == NOBODY_LOOKS:
            nobody = 0
            await _give_back(patroni, old, new)
        if passed_s > OUTCOME_LIMIT_S:
            raise SwitchoverRefused(
                f"no primary is seen {OUTCOME_LIMIT_S:.0f} s later ({word}): bring {new} back, or look at the status"
            )
        await asyncio.sleep(LOOK_EVERY_S)


async def _give_back(patroni: Patroni, old: str, new: str) -> None:
    _log.warning("leadership_given_back", to=old, refused_by=new)
    try:
        await patroni.fail_over(old)
    except NoWord as error:
        # Refused while its PostgreSQL starts: it is asked again.
        _log.warning("leadership_not_taken", by=old, reason=str(error))
