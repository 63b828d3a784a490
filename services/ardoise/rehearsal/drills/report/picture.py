"""The timeline of a drill as one picture: what was broken, who was primary, what screens and relays saw. SVG text."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import zip_longest
from math import ceil

from ardoise.rehearsal.drills.history import Kind, Outcome, Role, Words
from ardoise.rehearsal.drills.report.model import Report, Span

WIDTH, LEFT, RIGHT = 1_200, 190, 24
BAND, GAP, CHART = 18, 8, 92
TOP = 12
EVENT_LINE = 15
MOST_TICKS = 14

TEXT_STYLE = """svg text { font: 12px "Barlow Semi Condensed", "Roboto Condensed", "Arial Narrow", sans-serif; }
svg text:not([fill]) { fill: #8b98a5; }"""
"""What the document around the picture has to say about its words."""

GROUND, CHALK, DIM, ACCENT, RED, LINE = "#14181d", "#e9ecef", "#8b98a5", "#f6c700", "#e5484d", "#2b333c"
ROLE_FILLS = {Role.PRIMARY: ACCENT, Role.STANDBY: "#46535f", Role.AWAY: "none"}
WORD_FILLS = {
    Words.LIVE: "#46535f",
    Words.LATE: "#8b98a5",
    Words.CATCHING_UP: "#8b98a5",
    Words.NO_TRUCK: RED,
    Words.NO_RACE: RED,
    Words.RECONNECTING: "none",
}
SITE_STROKES = (CHALK, "#6cb6d9", "#c792ea")
DECISION_FILLS = {Outcome.ACKNOWLEDGED: CHALK, Outcome.REFUSED: DIM, Outcome.IN_DOUBT: RED}


class _Sheet:
    """Collects marks from top to bottom."""

    def __init__(self, lasted_s: float) -> None:
        self.lasted_s = max(lasted_s, 1.0)
        self.y = float(TOP)
        self.marks: list[str] = []

    def x(self, at_s: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(at_s, self.lasted_s) / self.lasted_s, 1)

    def label(self, text: str, height: float) -> None:
        y = self.y + height / 2 + 4
        self.marks.append(f'<text x="{LEFT - 12}" y="{y:.1f}" text-anchor="end">{escape(text)}</text>')

    def box(self, from_s: float, to_s: float, fill: str, title: str) -> None:
        x = self.x(from_s)
        stroke = f' stroke="{RED}" stroke-dasharray="3 3"' if fill == "none" else ""
        self.marks.append(
            f'<rect x="{x}" y="{self.y:.1f}" width="{max(1.0, self.x(to_s) - x):.1f}" height="{BAND}" fill="{fill}"'
            f"{stroke}><title>{escape(title)}</title></rect>"
        )


def picture(report: Report) -> str:
    """The SVG element."""
    sheet = _Sheet(_lasted_s(report))
    lines = _events(sheet, report)
    top = sheet.y
    timeline = report.timeline
    for site, spans in timeline.roles.items():
        _band(sheet, f"database, {site}", spans, lambda what: ROLE_FILLS[Role(what.split(" ")[0])])
    _decisions(sheet, timeline.decisions)
    for site, spans in timeline.screens.items():
        _band(sheet, f"screen, {site}", spans, lambda what: WORD_FILLS[Words(what)])
    _log(sheet, report)
    _acknowledged(sheet, timeline.acknowledged)
    _axis(sheet, top)
    sheet.marks[:0] = [line.format(bottom=f"{sheet.y:.1f}") for line in lines]
    return (
        f'<svg viewBox="0 0 {WIDTH} {sheet.y + 34:.0f}" role="img" aria-label="Timeline of the drill" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(sheet.marks)}</svg>'
    )


def picture_file(report: Report) -> str:
    """The same as a document of its own."""
    opening, marks = picture(report).split(">", 1)
    ground = f'<rect width="100%" height="100%" fill="{GROUND}"/>'
    return f"{opening}><style>{TEXT_STYLE}</style>{ground}{marks}\n"


def _lasted_s(report: Report) -> float:
    ends = [span.to_s for spans in report.timeline.screens.values() for span in spans]
    return max([*ends, *(event.at_s for event in report.events)], default=1.0)


def _events(sheet: _Sheet, report: Report) -> list[str]:
    """Each on a line of its own where the one before reaches too far; returns their marks down the picture."""
    taken: list[float] = []
    placed: list[tuple[int, float, str, str]] = []
    for event in report.events:
        colour = {Kind.FAULT: RED, Kind.MENDED: CHALK}.get(event.kind, DIM)
        x, width = sheet.x(event.at_s), 6.4 * len(event.text) + 14
        before = x + width > WIDTH - RIGHT
        begins, ends = (x - width, x) if before else (x, x + width)
        row = next((row for row, until in enumerate(taken) if until <= begins), len(taken))
        taken[row : row + 1] = [ends]
        placed.append((row, x, colour, event.text))
        anchor, dx = ("end", -4) if before else ("start", 4)
        y = sheet.y + row * EVENT_LINE + 11
        sheet.marks.append(
            f'<text x="{x + dx:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(event.text)}</text>'
        )
    lines = []
    for row, x, colour, text in placed:
        y = sheet.y + row * EVENT_LINE + 2
        lines.append(
            f'<line x1="{x}" x2="{x}" y1="{y:.1f}" y2="{{bottom}}" stroke="{colour}" stroke-opacity="0.55">'
            f"<title>{escape(text).replace('{', '').replace('}', '')}</title></line>"
        )
    sheet.y += len(taken) * EVENT_LINE + GAP
    return lines


def _band(sheet: _Sheet, label: str, spans: Sequence[Span], fill) -> None:
    sheet.label(label, BAND)
    for span, until_s in zip(spans, _until(spans), strict=True):
        sheet.box(span.from_s, until_s, fill(span.what), f"{span.what}, {span.from_s:.1f} to {until_s:.1f} s")
    sheet.y += BAND + GAP


def _until(spans: Sequence[Span]) -> Iterator[float]:
    """To the beginning of the next: a span is as long as what was seen did not change."""
    for span, following in zip_longest(spans, spans[1:]):
        yield following.from_s if following else span.to_s


def _decisions(sheet: _Sheet, decisions: Sequence[tuple[float, str]]) -> None:
    sheet.label("decisions", BAND)
    for at_s, outcome in decisions:
        x, fill = sheet.x(at_s), DECISION_FILLS[Outcome(outcome)]
        inset = 0 if outcome == Outcome.IN_DOUBT else 4
        if outcome != Outcome.REFUSED:
            sheet.marks.append(
                f'<line x1="{x}" x2="{x}" y1="{sheet.y + inset:.1f}" y2="{sheet.y + BAND - inset:.1f}" '
                f'stroke="{fill}"/>'
            )
    sheet.y += BAND + GAP


def _log(sheet: _Sheet, report: Report) -> None:
    """How far each copy of the log goes, and the database."""
    series = {**report.timeline.positions, "watermark": report.timeline.watermark}
    highest = max((value for points in series.values() for _, value in points), default=1)
    sheet.label(f"log, to {highest:,}", CHART)
    strokes = dict(zip(report.timeline.positions, SITE_STROKES, strict=False)) | {"watermark": ACCENT}
    for index, (name, points) in enumerate(series.items()):
        path = " ".join(
            f"{sheet.x(at_s)},{sheet.y + CHART * (1 - value / max(highest, 1)):.1f}" for at_s, value in points
        )
        dash = ' stroke-dasharray="5 3"' if name == "watermark" else ""
        sheet.marks.append(
            f'<polyline points="{path}" fill="none" stroke="{strokes[name]}" stroke-width="1.5"{dash}>'
            f"<title>{escape(name)}</title></polyline>"
        )
        y = sheet.y + 14 + index * 15
        sheet.marks.append(
            f'<line x1="{LEFT + 8}" x2="{LEFT + 28}" y1="{y - 4:.1f}" y2="{y - 4:.1f}" stroke="{strokes[name]}"'
            f'{dash}/><text x="{LEFT + 34}" y="{y:.1f}">{escape(name)}</text>'
        )
    sheet.y += CHART + GAP


def _acknowledged(sheet: _Sheet, seconds: Sequence[tuple[float, int, float]]) -> None:
    most = max((count for _, count, _ in seconds), default=1)
    height = CHART / 2
    sheet.label(f"frames/s, to {most}", height)
    width = max(1.0, sheet.x(1) - sheet.x(0) - 1)
    for at_s, count, slowest_ms in seconds:
        tall = height * count / most
        sheet.marks.append(
            f'<rect x="{sheet.x(at_s)}" y="{sheet.y + height - tall:.1f}" width="{width:.1f}" height="{tall:.1f}" '
            f'fill="#46535f"><title>{count} acknowledged, the slowest in {slowest_ms:.0f} ms</title></rect>'
        )
    sheet.y += height


def _axis(sheet: _Sheet, top: float) -> None:
    step_s = _nice(sheet.lasted_s / MOST_TICKS)
    for tick in range(int(sheet.lasted_s / step_s) + 1):
        at_s = tick * step_s
        x = sheet.x(at_s)
        grid = f'<line x1="{x}" x2="{x}" y1="{top:.1f}" y2="{sheet.y:.1f}" stroke="{LINE}"/>'
        sheet.marks.insert(0, grid)
        sheet.marks.append(f'<text x="{x}" y="{sheet.y + 18:.1f}" text-anchor="middle">{at_s:.0f} s</text>')


def _nice(step_s: float) -> int:
    return next((nice for nice in (1, 2, 5, 10, 20, 30, 60, 120, 300) if nice >= step_s), ceil(step_s))
