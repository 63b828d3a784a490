"""The report as one page that needs nothing else: no script, no font, no picture from elsewhere."""

from html import escape

from ardoise.rehearsal.drills.report.model import Report, Verdict
from ardoise.rehearsal.drills.report.picture import TEXT_STYLE, picture
from ardoise.rehearsal.drills.report.table import figure_lines, milliseconds, seconds

STYLE = """
:root { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; padding: 32px clamp(16px, 4vw, 56px) 56px; background: #14181d; color: #e9ecef;
  font: 16px/1.45 "Barlow Semi Condensed", "Roboto Condensed", "Arial Narrow", system-ui, sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 1240px; margin: 0 auto; }
h1 { margin: 0; font-size: 30px; line-height: 1.15; font-weight: 600; text-wrap: balance; }
h2 { margin: 36px 0 10px; font-size: 14px; font-weight: 500; color: #8b98a5; }
p { margin: 6px 0; max-width: 75ch; }
.quiet { color: #8b98a5; }
.verdict { display: inline-block; margin-bottom: 10px; font-size: 20px; font-weight: 700; }
.held { color: #e9ecef; } .held::before { content: "\\2713\\00a0"; }
.failed, .aborted { color: #ff6b6f; } .refused { color: #f6c700; }
.heroes { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 20px 18px;
  margin: 28px 0 0; padding: 0; }
.heroes div { border-top: 1px solid #2b333c; padding-top: 8px; }
.heroes dt { color: #8b98a5; font-size: 13px; }
.heroes dd { margin: 0; font-size: 28px; font-weight: 600; line-height: 1.15; }
.trouble { color: #ff6b6f; }
table { border-collapse: collapse; }
td, th { padding: 5px 18px 5px 0; text-align: left; vertical-align: top; border-bottom: 1px solid #2b333c; }
td.number { text-align: right; }
.scroll, pre { overflow-x: auto; }
summary { padding: 4px 0; }
pre { margin: 0 0 12px; font-size: 13px; color: #8b98a5; }
svg { display: block; width: 100%; min-width: 860px; height: auto; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 0 48px; }
"""


def page(report: Report) -> str:
    """The whole document."""
    numbers = ", ".join(map(str, report.numbers))
    fault = f", fault {numbers} of the catalogue" if numbers else ""
    head = f"""<p class="verdict {report.verdict}">{report.verdict.capitalize()}</p>
<h1>{escape(sentence(report.title))}</h1>
<p class="quiet">Drill {escape(report.name)}{fault}. {report.began:%Y-%m-%d %H:%M:%S} UTC,
{report.lasted_s:.0f} s. {escape(_cast(report))}</p>
<p>{escape(sentence(report.purpose))}.</p>{_reasons(report)}"""
    body = "" if not report.timeline.screens else _measured(report)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(report.name)}: {report.verdict}</title><style>{STYLE}{TEXT_STYLE}</style>
<main>{head}{body}
<h2>To repeat it</h2>
<p><code>ardoise drill run {escape(report.name)} --seed {report.seed}</code></p>
<p class="quiet">{escape(", ".join(f"{name} {value}" for name, value in report.versions.items()))}</p>
</main></html>
"""


def _measured(report: Report) -> str:
    return f"""{_heroes(report)}
<h2>What happened</h2><div class="scroll">{picture(report)}</div>
<div class="two"><section><h2>What had to hold</h2>{_findings(report)}</section>
<section><h2>Figures</h2>{_figures(report)}</section></div>{_followed(report)}"""


def _heroes(report: Report) -> str:
    figures, fixes = report.figures, report.figures.fixes
    judged = report.verdict in (Verdict.HELD, Verdict.FAILED)
    shown = [
        ("database back in", seconds(figures.writes_interrupted_s), False),
        *(
            (f"screen stood, {site}", seconds(value), False)
            for site, value in figures.picture_interrupted_s.items()
        ),
        ("acknowledged in (p99)", milliseconds(figures.acknowledged_p99_ms), False),
        ("fixes acknowledged", f"{fixes.acknowledged:,}", False),
        ("lost", f"{fixes.lost:,}" if judged else "unknown", fixes.lost > 0),
        ("doubled", f"{fixes.doubled:,}" if judged else "unknown", fixes.doubled > 0),
    ]
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd{' class=trouble' if trouble else ''}>{escape(value)}</dd></div>"
        for name, value, trouble in shown
    )
    return f'<dl class="heroes">{cells}</dl>'


def _findings(report: Report) -> str:
    if not report.findings:
        return '<p class="quiet">Nothing was judged.</p>'
    rows = []
    for one in report.findings:
        word = "holds" if one.holds else '<span class="trouble">broken</span>'
        against = "".join(f'<br><span class="trouble">{escape(reason)}</span>' for reason in one.against)
        rows.append(
            f"<tr><td>{one.invariant}</td><td>{escape(one.title)}{against}</td><td>{word}</td>"
            f'<td class="number quiet">{one.checked:,}</td></tr>'
        )
    return f"<table>{''.join(rows)}</table>"


def _figures(report: Report) -> str:
    rows = (
        f'<tr><td class="quiet">{escape(name)}</td><td class="number">{escape(value)}</td></tr>'
        for name, value in figure_lines(report)
    )
    return f"<table>{''.join(rows)}</table>"


def _followed(report: Report) -> str:
    """Each command of a runbook, with all that it printed."""
    if not report.followed:
        return ""
    shown = []
    for one in report.followed:
        missing = "".join(
            f'<br><span class="trouble">not seen: {escape(line)}</span>' for line in one.missing
        )
        shown.append(
            f"<details><summary>{one.at_s:.0f} s <code>{escape(one.command)}</code> "
            f'<span class="quiet">{escape(one.runbook)}, {escape(one.section)}</span>{missing}</summary>'
            f"<pre>{escape(one.output)}</pre></details>"
        )
    return f"<h2>Runbooks that were followed</h2>{''.join(shown)}"


def _reasons(report: Report) -> str:
    return "".join(f'<p class="trouble">{escape(reason)}</p>' for reason in report.reasons)


def _cast(report: Report) -> str:
    return ", ".join(f"{place}: {site}" if place != site else site for place, site in report.cast.items())


def sentence(text: str) -> str:
    """With its first letter as a sentence has it, and the others as they are."""
    return text[:1].upper() + text[1:]
