"""Fields of JSON that somebody else wrote: each is of the kind that is asked for, or the message is refused."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from ardoise.trackers.decoding import malformed

SHOWN = 32
"""Characters of somebody else's text in a refusal."""


def document(body: bytes) -> Any:
    """What the bytes say. Raises Refused."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        pass  # json reads more: half of a surrogate pair in a network's name, a byte order mark, NaN.
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise malformed(f"no JSON: {str(error)[:80]}") from None


def object_of(value: Any, name: str) -> Mapping[str, Any]:
    """Raises Refused where it is none; `name` says what it is."""
    if not isinstance(value, dict):
        raise malformed(f"{name}: an object is expected")
    return value


def number(fields: Mapping[str, Any], name: str) -> float | None:
    """None where there is none. Raises Refused where it is no number."""
    value = fields.get(name)
    if value is None or type(value) is float:
        return value
    if type(value) is not int:
        raise malformed(f"{name}: a number is expected")
    try:
        return float(value)
    except OverflowError:
        raise malformed(f"{name}: {str(value)[:SHOWN]}... is beyond any number") from None


def text(fields: Mapping[str, Any], name: str) -> str:
    """Empty where there is none. Raises Refused where it is no text."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise malformed(f"{name}: a text is expected")
    return value
