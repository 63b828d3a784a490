"""The states of an operation, drawn from all that operators were found to write."""

from collections.abc import Iterable, Iterator

from ardoise.sites.operations.record import Record

BEGIN_OR_END = "[*]"
NOT_BEGUN = "not begun"
"""`sites` would not: the wish waits until it would."""


def drawn(writes: Iterable[tuple[Record, Record]]) -> str:
    """As Mermaid draws it: an edge for each pair of steps, with the kinds that begin so or the outcomes that end so."""
    edges: dict[tuple[str, str], set[str]] = {}
    for before, after in writes:
        for source, target, why in _edges(before, after):
            edges.setdefault((source, target), set()).add(why)
    lines = [f"    {' --> '.join(edge)}{_label(whys)}" for edge, whys in sorted(edges.items())]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _label(whys: set[str]) -> str:
    return f" : {', '.join(sorted(whys))}" if any(whys) else ""


def _edges(before: Record, after: Record) -> Iterator[tuple[str, str, str]]:
    old, new = before.operation, after.operation
    if old is not None and new is not None and old.id == new.id:
        if old.step is not new.step:
            yield old.step, new.step, ""
        return
    if old is not None:
        outcome = next((one.outcome.value for one in after.history if one.id == old.id), NOT_BEGUN)
        yield old.step, BEGIN_OR_END, outcome
    if new is not None:
        yield BEGIN_OR_END, new.step, new.kind
