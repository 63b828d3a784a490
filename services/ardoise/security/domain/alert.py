"""An alert, its evidence, and the name that every site gives it."""

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

MOST_EVIDENCE = 10


class Severity(IntEnum):
    """How bad it is; the numbers are those of the contract."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class Evidence(NamedTuple):
    """One thing that was seen. `time_ms` is on the clock of the stream it came from."""

    time_ms: int
    source: str
    detail: str


class Acknowledgement(NamedTuple):
    """Somebody has seen to an alert as bad as it was then. `time_ms` is wall clock, milliseconds since 1970."""

    request_id: str
    alert_id: str
    author: str
    note: str
    severity: Severity
    time_ms: int


@dataclass(slots=True)
class Alert:
    """One per rule and subject while it lasts; what comes again is counted. Written by the engine alone."""

    alert_id: str
    rule: str
    subject: str
    severity: Severity
    title: str
    action: str
    count: int
    first_seen_ms: int
    last_seen_ms: int
    evidence: list[Evidence] = field(default_factory=list)


def alert_id(rule: str, subject: str, first_occurrence: str) -> str:
    """The same at every site that saw the same first occurrence: three sites that raise one make one."""
    return hashlib.blake2b(f"{rule}\0{subject}\0{first_occurrence}".encode(), digest_size=12).hexdigest()
