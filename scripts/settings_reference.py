"""Writes docs/settings.md from the settings classes, and the names alone for the chart, which refuses others.

`make settings-reference`, and a test that all are in step.
"""

import importlib
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from ardoise.up.services import PASSED_ON
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "docs" / "settings.md"
NAMES = REPOSITORY / "charts" / "ardoise" / "files" / "settings.yaml"
HEAD = """# Settings

Every service reads its settings from the environment; what is not set has the default below. The first table holds
for all of them, each other table for one service on top of it.

`ardoise up` and `ardoise sites up` set what follows from where they start a service. Of their own environment they pass
on {passed_on}; on three sites a webhook is sent by the regions,
which reach each other and nothing outside.

Generated from the settings classes by `make settings-reference`; never edited.
"""


def reference() -> str:
    """The whole page: one section for each settings class, what all services share first."""
    passed_on = ", ".join(f"`{name}`" for name in PASSED_ON)
    return "\n".join(
        [HEAD.format(passed_on=passed_on), *(section(title, cls) for title, cls in settings_classes())]
    )


def names() -> str:
    """A list of all variables, as YAML."""
    found = {variable(cls, name) for _, cls in settings_classes() for name in cls.model_fields}
    return "".join(["# Made by make settings-reference.\n", *(f"- {name}\n" for name in sorted(found))])


def settings_classes() -> Iterator[tuple[str, type[BaseSettings]]]:
    services = sorted(
        path.parent.name for path in (REPOSITORY / "services" / "ardoise").glob("*/settings.py")
    )
    packages = [
        f"ardoise.{service}" for service in sorted(services, key=lambda service: service != "chassis")
    ]
    for package in (*packages, "ardoise_operator"):
        service = package.removeprefix("ardoise.")
        module = importlib.import_module(f"{package}.settings")
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, BaseSettings) and cls.__module__ == module.__name__:
                command = cls.__name__.removesuffix("Settings").lower()
                yield "Every service" if service == "chassis" else f"ardoise {command}", cls


def section(title: str, cls: type[BaseSettings]) -> str:
    inherited = {name for base in cls.__mro__[1:] for name in getattr(base, "model_fields", {})}
    rows = [row(cls, name, field) for name, field in cls.model_fields.items() if name not in inherited]
    if not rows:
        return f"## {title}\n\nNothing of its own.\n"
    return "\n".join([f"## {title}\n", "| variable | default | meaning |", "|---|---|---|", *rows, ""])


def row(cls: type[BaseSettings], name: str, field: FieldInfo) -> str:
    return f"| `{variable(cls, name)}` | {default(field)} | {cell(field.description or '')}{choices(field)} |"


def variable(cls: type[BaseSettings], name: str) -> str:
    return f"{cls.model_config.get('env_prefix', '')}{name}".upper()


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, Enum):
        value = value.value
    empty = value is None or str(value) in ("", ".")
    return "" if empty else f"`{cell(str(value))}`"


def choices(field: FieldInfo) -> str:
    annotation = field.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        values = [str(member.value) for member in annotation]
    else:
        values = [arg for arg in get_args(annotation) if isinstance(arg, str)]
    return f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""


def cell(text: str) -> str:
    """Text that a table's cell shows as it is: a | would end the cell, and <state_dir> be taken for HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    REFERENCE.write_text(reference())
    NAMES.write_text(names())
    for written in (REFERENCE, NAMES):
        sys.stdout.write(f"{written.relative_to(REPOSITORY)} written\n")
