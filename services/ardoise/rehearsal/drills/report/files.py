"""The report's files: JSON to keep and to compare, a page to look at."""

from pathlib import Path

from pydantic import ValidationError

from ardoise.rehearsal.drills.report.model import Report
from ardoise.rehearsal.drills.report.page import page


def keep(report: Report, directory: Path) -> Path:
    """Writes both; returns the page's path."""
    directory.mkdir(parents=True, exist_ok=True)
    kept = directory / f"{report.file_stem}.json"
    kept.write_text(report.model_dump_json(indent=1), encoding="utf-8")
    shown = kept.with_suffix(".html")
    shown.write_text(page(report), encoding="utf-8")
    return shown


def read(path: Path) -> Report:
    """Reads the JSON. Raises ValueError that says what is wrong with it, FileNotFoundError."""
    try:
        return Report.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is no report of a drill: {error}") from error
