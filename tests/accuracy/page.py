"""The report: one HTML page that needs nothing else."""

from datetime import UTC, datetime
from html import escape

from ardoise.rehearsal.drills.report.page import STYLE
from rich.table import Table

from tests.accuracy import table
from tests.accuracy.results import Results

MARKS = {"reached": "held", "not yet": "refused", "not measured": "quiet"}
OPEN = {"ladder", "ladder-forest", "montvernier"}
OWN_STYLE = """
main { max-width: 1500px; }
td, th { padding: 3px 14px 3px 0; white-space: nowrap; } td { font-size: 14px; }
th { color: #8b98a5; font-weight: 500; font-size: 13px; }
td.right, th.right { text-align: right; } tr.strong td { font-weight: 700; border-top: 1px solid #8b98a5; }
details { border-bottom: 1px solid #2b333c; padding: 6px 0; } summary { cursor: pointer; }
summary span { color: #8b98a5; margin-left: 12px; } td .held::before { content: none; }
svg { margin: 8px 0 20px; }
svg text { font-family: "Barlow Semi Condensed", "Roboto Condensed", "Arial Narrow", sans-serif !important; }
 .held { color: #8fd694; }
"""


def page(results: Results) -> str:
    """The whole document."""
    pictures = results.pictures
    parts = [
        f"<h1>How right the engine is</h1><p class=quiet>{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, seed {results.seed}, "
        f"{len(results.scenarios)} scenarios. What each figure is: docs/accuracy.md.</p>",
        _section("To reach", table.targets(results)),
        _section("Scenarios", table.scenarios(results), "Errors: median, 95th and 99th percentile."),
    ]
    if results.peers:
        about = "The same fixes. Processor time; the engine's is that of gaps, groups and four ticks a second too."
        parts.append(_section("Instead of the engine", table.peers(results), about) + pictures["peers"])
    if results.recorded:
        about = "Carcassonne-Foix 2026, until the winner finishes; one offset a frame removed, and raw."
        parts.append(_section("The recorded stage", table.recorded(results), about) + pictures["recorded"])
    parts.append(_section("Where to look", table.faults(results)))
    parts.append("<h2>Each scenario</h2>")
    for one in results.scenarios:
        name = one.scenario.name
        parts.append(
            f"<details{' open' if name in OPEN else ''}><summary>{escape(name)}"
            f"<span>{escape(one.scenario.about)}</span></summary>{pictures[name]}</details>"
        )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Accuracy</title><style>{STYLE}{OWN_STYLE}</style><main>{"".join(parts)}</main></html>
"""


def _section(title: str, shown: Table, about: str = "") -> str:
    """A table of the terminal, as one of HTML."""
    columns = [[_cell(value) for value in column._cells] for column in shown.columns]
    sides = ["right" if column.justify == "right" else "" for column in shown.columns]
    head = "".join(
        f'<th class="{side}">{escape(str(column.header))}</th>'
        for side, column in zip(sides, shown.columns, strict=True)
    )
    rows = []
    for row, cells in zip(shown.rows, zip(*columns, strict=True), strict=True):
        line = "".join(f'<td class="{side}">{cell}</td>' for side, cell in zip(sides, cells, strict=True))
        rows.append(f'<tr class="{"strong" if row.style else ""}">{line}</tr>')
    note = f'<p class="quiet">{escape(about)}</p>' if about else ""
    return f'<h2>{title}</h2>{note}<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _cell(value: object) -> str:
    text = str(value)
    return f'<span class="{MARKS[text]}">{text}</span>' if text in MARKS else escape(text)
