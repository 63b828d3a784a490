"""The template of a decoder as another package: on the path with its metadata, as an installer would leave it."""

import shutil
import tomllib
from pathlib import Path


def installed(repository: Path, directory: Path) -> Path:
    """A directory for the path; the package is in it."""
    template = repository / "templates" / "decoder"
    described = tomllib.loads((template / "pyproject.toml").read_text())
    project = described["project"]
    place = directory / "site-packages"
    shutil.copytree(template / "src", place, ignore=shutil.ignore_patterns("__pycache__"))
    metadata = place / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return place
