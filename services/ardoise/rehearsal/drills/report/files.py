"""The report's files: JSON to keep and to compare, a page to look at, its picture to send to somebody."""

from pathlib import Path

from pydantic import ValidationError

from ardoise.rehearsal.drills.report.model import Report
from ardoise.rehearsal.drills.report.page import page
from ardoise.rehearsal.drills.report.picture import picture_file


def keep(report: Report, directory: Path) -> Path:
    """Writes all three; returns the page's path."""
    directory.mkdir(parents=True, exist_ok=True)
    kept = directory / f"{report.file_stem}.json"
    kept.write_text(report.model_dump_json(indent=1), encoding="utf-8")
    shown = kept.with_suffix(".html")
    shown.write_text(page(report), encoding="utf-8")
    kept.with_suffix(".svg").write_text(picture_file(report), encoding="utf-8")
    return shown


def read(path: Path) -> Report:
    """Reads the JSON. Raises ValueError that says what is wrong with it, FileNotFoundError."""
    try:
        return Report.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is no report of a drill: {error}") from error
