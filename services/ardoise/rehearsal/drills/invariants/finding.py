"""What came of checking one invariant."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from ardoise.rehearsal.drills.scenario import Invariant

MOST_REASONS = 6


class Finding(BaseModel):
    """Holds only where it was checked and nothing speaks against it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invariant: Invariant
    title: str
    holds: bool
    checked: int
    """How many things were looked at: none is a failure, for nothing was proved."""
    against: list[str]
    """The first few of what speaks against it, and how many more there are."""


def finding(invariant: Invariant, title: str, checked: int, against: Iterable[str]) -> Finding:
    """Fails where nothing was checked."""
    found = list(against)
    if not checked:
        found.insert(0, "nothing was there to be checked")
    shown = found[:MOST_REASONS]
    if len(found) > MOST_REASONS:
        shown.append(f"and {len(found) - MOST_REASONS} more")
    return Finding(invariant=invariant, title=title, holds=not found, checked=checked, against=shown)


def together(findings: Iterable[Finding]) -> Finding:
    """One finding of several on the same invariant: it holds where all do."""
    first, *others = findings
    for other in others:
        first = first.model_copy(
            update={
                "holds": first.holds and other.holds,
                "checked": first.checked + other.checked,
                "against": first.against + other.against,
            }
        )
    return first
