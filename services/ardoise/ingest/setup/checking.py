"""A document against the models: every fault found, and what is sound kept for the rules to look at."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ardoise.ingest.setup.models import EventFile
from ardoise.ingest.setup.rules import Finding
from ardoise.ingest.setup.yaml_text import Path


@dataclass
class Checked:
    """A document checked against the models. What does not fit is set aside, so that the rules can still
    be asked about the rest and one fault does not hide the others."""

    event: EventFile | None
    findings: list[Finding]
    set_aside: list[Any] = field(default_factory=list)
    """Elements of lists that are faulty themselves, as written."""
    kept: dict[Path, list[int]] = field(default_factory=dict)
    """Of a list that lost elements: the original numbers of the others."""

    @classmethod
    def of(cls, value: Any) -> "Checked":
        try:
            return cls(EventFile.model_validate(value), [])
        except ValidationError as error:
            details = error.errors(include_url=False)
        checked = cls(None, [_schema_finding(detail) for detail in details])
        for path in sorted({_element(detail["loc"]) for detail in details}, key=len, reverse=True):
            value = checked._without(value, path)
        with suppress(ValidationError):  # a fault outside any list leaves nothing to ask about
            checked.event = EventFile.model_validate(value)
        return checked

    def set_aside_texts(self) -> frozenset[str]:
        """Every text in what was set aside: bibs and codes among them are not unknown."""
        return frozenset(_texts(self.set_aside))

    def original(self, finding: Finding) -> Finding:
        """The finding with the path that the written document has."""
        path: Path = ()
        for part in finding[0]:
            numbers = self.kept.get(path)
            path = (*path, numbers[part] if numbers is not None and isinstance(part, int) else part)
        return path, *finding[1:]

    def _without(self, value: Any, path: Path, above: Path = ()) -> Any:
        if not path:
            return value
        if len(path) == 1 and isinstance(value, list):
            numbers = self.kept.setdefault(above, list(range(len(value))))
            position = numbers.index(path[0])
            numbers.pop(position)
            self.set_aside.append(value[position])
            return value[:position] + value[position + 1 :]
        part = path[0]
        position = self.kept[above].index(part) if isinstance(value, list) and above in self.kept else part
        inner = self._without(value[position], path[1:], (*above, part))
        if isinstance(value, list):
            return [*value[:position], inner, *value[position + 1 :]]
        return {**value, part: inner}


def _element(path: Path) -> Path:
    """The innermost element of a list that the path leads through; () where there is none."""
    last = max((index for index, part in enumerate(path) if isinstance(part, int)), default=-1)
    return path[: last + 1]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def _schema_finding(detail: ErrorDetails) -> Finding:
    path = detail["loc"]
    name = str(path[-1]) if path else ""
    if detail["type"] == "extra_forbidden":
        known = _model_at(path[:-1]).model_fields
        close = get_close_matches(name, known, 1)
        remedy = f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(known)}."
        return path, "unknown key", remedy
    described = _field_at(path)
    remedy = described.description if described and described.description else "Compare docs/event-file.md."
    if detail["type"] == "missing":
        return path, "missing", f"Add it: {remedy}"
    if isinstance(detail["input"], str):
        return path, f"{detail['input'][:60]!r}: {detail['msg']}", remedy
    return path, detail["msg"], remedy


def _model_at(path: Path) -> type[BaseModel]:
    model: type[BaseModel] = EventFile
    for part in path:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _field_at(path: Path) -> FieldInfo | None:
    names = [index for index, part in enumerate(path) if isinstance(part, str)]
    if not names:
        return None
    return _model_at(path[: names[-1]]).model_fields.get(str(path[names[-1]]))


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
