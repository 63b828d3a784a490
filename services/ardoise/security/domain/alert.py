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


class KeptAt(IntEnum):
    """Where decisions are kept; the numbers are those of the contract."""

    UNKNOWN = 0
    BOTH_REGIONS = 1
    ONE_REGION = 2
    SITE = 3


class Evidence(NamedTuple):
    """One thing that was seen. `time_ms` is on the clock of the stream it came from."""

    time_ms: int
    source: str
    detail: str


class Origin(NamedTuple):
    """Where something was seen, the same at every site: a recording that is replayed has the same log times again.

    `epoch` and `sequence` are of the log's message that told of it. What ingest refused is in no log: epoch 0, and
    `sequence` is its instant, milliseconds since 1970. `name` tells apart what one message told.
    """

    epoch: int
    sequence: int
    name: str


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
    epoch: int
    """Of the first occurrence, as in Origin."""
    sequence: int
    """The same."""
    evidence: list[Evidence] = field(default_factory=list)


def alert_id(rule: str, subject: str, first: Origin) -> str:
    """The same at every site that saw the same first occurrence: three sites that raise one make one."""
    return hashlib.blake2b(f"{rule}\0{subject}\0{first.name}".encode(), digest_size=12).hexdigest()
