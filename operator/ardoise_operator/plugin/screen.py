"""`kubectl ardoise status`: what objects say, on one screen. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ardoise_operator.plugin.loss import cost, lost_now
from ardoise_operator.plugin.picture import Condition, Object, Picture, conditions
from ardoise_operator.plugin.words import (
    UNKNOWN,
    clean,
    clock,
    count,
    milliseconds,
    number,
    parsed,
    perhaps,
    phrase,
    size,
    span,
)

MOST_CHANGES = 5
WORDS = {"True": "yes", "False": "NO"}
TROUBLE, DOUBT, FINE, QUIET = "bold red", "yellow", "green", "dim"


class Step(NamedTuple):
    """One of an operation's, that is over."""

    at: datetime
    took: str
    name: str
    message: str


def seen(picture: Picture, context: str) -> Text:
    """Whose picture it is, and how old."""
    age = "nobody has looked yet"
    if picture.looked_at is not None:
        age_s = max(0, round((picture.now - picture.looked_at).total_seconds()))
        age = f"looked at {span(age_s)} ago"
    where = picture.replication["metadata"].get("namespace", "")
    return Text(f"{picture.name} in {where} of {context}, seen from {picture.seen_from}, {age}", QUIET)


def screen(picture: Picture) -> Group:
    """All of it but whose picture it is; without anything that changes while nothing happens."""
    parts: list[RenderableType] = []
    if picture.blind:
        old = ". What follows is as old as that" if picture.is_old else ""
        parts += [_text(f"{picture.blind}{old}", TROUBLE), Text()]
    elif not picture.answers_to_spec:
        parts += [_text("the operator has not seen the newest spec yet", DOUBT), Text()]
    parts += [_heads(picture), Text(), _sites(picture)]
    if picture.operation is not None:
        parts += [Text(), *operation(picture.operation, picture)]
    if picture.history:
        parts += [Text(), _changes(picture)]
    return Group(*parts, Text(), *_concerns(picture))


def rows(*columns: str) -> Table:
    """A table whose last column alone may wrap."""
    table = Table(box=None, header_style=QUIET, pad_edge=False, padding=(0, 2, 0, 0))
    for one in columns:
        table.add_column(one, no_wrap=one != columns[-1])
    return table


def _heads(picture: Picture) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style=QUIET, no_wrap=True)
    table.add_column()
    table.add_row("primary", _primary(picture))
    for region in picture.regions:
        if region != picture.primary:
            table.add_row("can take over", _can_promote(picture, region))
    table.add_row("lost now", _text(lost_now(picture)))
    if picture.spec["mode"] != "Automatic":
        table.add_row("mode", _text(picture.spec["mode"], DOUBT))
    return table


def _primary(picture: Picture) -> Text:
    wanted = f"{picture.spec['primary']} is wished for ({picture.spec['requestId']})"
    if picture.primary == UNKNOWN:
        return _text(f"{UNKNOWN}, {wanted}", TROUBLE)
    timeline = f", timeline {picture.status.get('timeline', UNKNOWN)}"
    name = (clean(picture.primary), "bold")
    if picture.primary == picture.spec["primary"]:
        return Text.assemble(name, clean(f"{timeline}, as wished for ({picture.spec['requestId']})"))
    return Text.assemble(name, timeline, (clean(f"; {wanted}"), DOUBT))


def _can_promote(picture: Picture, region: str) -> Text:
    status, reasons = picture.verdict(region)
    style = {"True": FINE, "False": TROUBLE}.get(status, DOUBT)
    found = _text(f"{region}: ").append(WORDS.get(status, UNKNOWN), style)
    return found.append(_text(f", {'; '.join(reasons)}" if reasons else ""))


def _sites(picture: Picture) -> Table:
    table = rows("site", "role", "timeline", "log", "behind", "wal behind", "answers")
    for name in (picture.spec["sites"]["edge"], *picture.regions):
        table.add_row(name, *_site(picture, name))
    return table


def _site(picture: Picture, name: str) -> Iterator[Text]:
    status = picture.site(name).get("status", {})
    if not status:
        yield _text("not looked at" if picture.site(name) else "there is no Site of it", DOUBT)
        return
    log, lag = status.get("log", {}), status.get("lag", {})
    yield _figure(phrase(status.get("role", UNKNOWN)))
    yield _figure(number(status.get("timeline")))
    yield _figure(number(log.get("lastSequence")))
    behind = lag.get("mirrorMessages")
    yield _figure(number(behind) if behind in (None, UNKNOWN) else count(behind, "message"))
    yield _figure(size(lag.get("walBytes")))
    yield _answers(status, picture)


def _answers(status: Object, picture: Picture) -> Text:
    """To the region whose cluster this is."""
    link = next((one for one in status.get("links", ()) if one["from"] == picture.seen_from), None)
    if link is None or link["reachable"] == UNKNOWN:
        return _figure(UNKNOWN)
    if link["reachable"] == "True":
        trip = link["roundTripMilliseconds"]
        return _figure(UNKNOWN if trip == UNKNOWN else f"{trip} ms")
    since = perhaps(link.get("silentSince"))
    return _text(f"no, since {clock(since, picture.now)}" if since else "no", TROUBLE)


def operation(running: Object, picture: Picture) -> Iterator[RenderableType]:
    """What is being done, with its steps and their times."""
    started = parsed(running["startedAt"])
    what = f"{phrase(running['type'])} {running.get('from', UNKNOWN)} -> {running.get('to', UNKNOWN)}"
    rest = f", {running['id']}, begun at {clock(started, picture.now)}"
    yield Text.assemble((clean(what), "bold"), clean(rest))
    table = Table.grid(padding=(0, 2))
    for at, took, step, message in steps(running):
        table.add_row("  done", clock(at, picture.now), phrase(step), took, _text(message))
    table.add_row(Text("  now", DOUBT), "", phrase(running["step"]), "", "")
    yield table


def steps(running: Object) -> Iterator[Step]:
    """Those that are over, oldest first."""
    before = parsed(running["startedAt"])
    for one in running.get("steps", ()):
        at = parsed(one["finishedAt"])
        yield Step(at, span(max(0.0, (at - before).total_seconds())), one["step"], one.get("message", ""))
        before = at


def _changes(picture: Picture) -> Table:
    table = rows("changed", "what", "from -> to", "ended", "stood", "lost")
    for one in picture.history[:MOST_CHANGES]:
        started = parsed(one["startedAt"])
        outcome = one["outcome"]
        moved = outcome == "Moved"
        table.add_row(
            clock(started, picture.now),
            phrase(one["type"]),
            f"{one.get('from', UNKNOWN)} -> {one['to']}",
            _text(phrase(outcome), "" if moved else DOUBT),
            _figure(milliseconds(one["writesInterruptedMilliseconds"]) if moved else "-"),
            _figure(cost(one) if moved else "-"),
        )
    return table


def _concerns(picture: Picture) -> Iterator[RenderableType]:
    """Conditions that are not as they should be; what a Site says of itself after what is said of all."""
    found = [(one.type, one) for one in picture.conditions.values() if not one.is_good]
    for site in picture.sites:
        name = site["metadata"]["name"]
        found += [(f"{name}: {one.type}", one) for one in conditions(site).values() if not one.is_good]
    if not found:
        good = not picture.blind and bool(picture.conditions)
        yield _text(
            "everything is as it should be" if good else "no condition is known", FINE if good else DOUBT
        )
        return
    # What silences the operator is said of every condition: once is enough.
    alike: dict[tuple[str, str, str], list[tuple[str, Condition]]] = {}
    for what, one in found:
        alike.setdefault((one.status, one.reason, one.message), []).append((what, one))
    table = Table.grid(padding=(0, 2))
    for together in alike.values():
        table.add_row(*_concern(picture, ", ".join(what for what, _ in together), together[0][1]))
    yield table


def _concern(picture: Picture, what: str, one: Condition) -> Iterator[Text]:
    known = one.status != UNKNOWN
    yield Text("!" if known else "?", TROUBLE if known else DOUBT)
    yield _text(what)
    yield Text(WORDS.get(one.status, UNKNOWN), TROUBLE if known else DOUBT)
    since = f"since {clock(one.since, picture.now)}" if one.since else ""
    yield _text("; ".join(filter(None, (one.message or phrase(one.reason), since))))


def _figure(text: str) -> Text:
    return _text(text, DOUBT if UNKNOWN in text else "")


def _text(text: str, style: str = "") -> Text:
    return Text(clean(text), style)
