"""What was set aside of stale primaries, in a few figures beside each report, for the others to ask for."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

DIRECTORY = "set-aside"
MOST_SUMMARIES = 8
SUFFIX = ".summary.json"


@dataclass(frozen=True)
class StaleSummary:
    """Of one stale primary."""

    timeline: int
    """0: nobody can read it."""
    decisions: int | None
    """Rows that people wrote; None: unknown."""
    time_ms: int = 0
    """When they were set aside, milliseconds since 1970."""


def write_summary(report: Path, summary: StaleSummary) -> None:
    """Beside the report."""
    content = {**asdict(summary), "time_ms": time.time_ns() // 1_000_000}
    report.with_suffix(SUFFIX).write_text(json.dumps(content))


def read_summaries(patroni_dir: Path) -> list[StaleSummary]:
    """The newest first, MOST_SUMMARIES at most."""
    found = [
        StaleSummary(**json.loads(path.read_text())) for path in (patroni_dir / DIRECTORY).glob(f"*{SUFFIX}")
    ]
    return sorted(found, key=lambda one: one.time_ms, reverse=True)[:MOST_SUMMARIES]
