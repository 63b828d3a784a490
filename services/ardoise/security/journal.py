"""Acknowledgements where there is no database (the truck): one line of JSON each, on the disk before the answer."""

import asyncio
import errno
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import structlog

from ardoise.security.acknowledgements import NotKept
from ardoise.security.checkpoint import replace_file
from ardoise.security.domain.alert import Acknowledgement, Alert, KeptAt, Severity
from ardoise.security.domain.outgoing import OutboxEntry

# People write these: a season has a few thousand. The oldest go when the service starts.
MOST_ACKNOWLEDGEMENTS = 5_000

_log = structlog.get_logger(__name__)


class AcknowledgementJournal:
    """An append-only file under state_dir/security. The alerts themselves are in the checkpoint."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "acknowledgements.jsonl"
        self._writing = threading.Lock()
        self._by_request: dict[str, Acknowledgement] = {}
        self._by_alert: dict[str, list[Acknowledgement]] = {}
        self._load()

    def _load(self) -> None:
        """Reads it and writes it anew without what a power cut left half written: that was never acknowledged."""
        lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        for line in lines[-MOST_ACKNOWLEDGEMENTS:]:
            try:
                fields = json.loads(line)
                self._remember(Acknowledgement(**{**fields, "severity": Severity(fields["severity"])}))
            except (ValueError, KeyError, TypeError) as error:
                _log.warning(
                    "acknowledgement_unreadable", error=repr(error), line=line[:200].decode(errors="replace")
                )
        replace_file(self._path, b"".join(_line(kept) for kept in self._by_request.values()))

    async def acknowledge(
        self, alert: Alert, acknowledgement: Acknowledgement
    ) -> tuple[Acknowledgement, KeptAt]:
        """Keeps it; returns the one kept under its request_id, which is another where that was used before.

        Raises NotKept where it is not certain to be on the disk.
        """
        del alert
        before = self._by_request.get(acknowledgement.request_id)
        if before is not None:
            return before, KeptAt.SITE
        try:
            await asyncio.to_thread(self._append, _line(acknowledgement))
        except OSError as error:
            raise NotKept(f"cannot write {self._path.name}: {error.strerror}") from error
        self._remember(acknowledgement)
        return acknowledgement, KeptAt.SITE

    async def settle(
        self, changed: Sequence[Alert], open_ids: Sequence[str]
    ) -> tuple[list[Acknowledgement], KeptAt]:
        """The acknowledgements that there are of these alerts."""
        del changed
        known = [kept for alert_id in open_ids for kept in self._by_alert.get(alert_id, ())]
        return known, KeptAt.SITE

    async def outgoing(self, size: int, before: int | None) -> list[OutboxEntry]:
        """Nothing leaves from a site without a database."""
        del size, before
        return []

    def _append(self, line: bytes) -> None:
        with self._writing:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                size = os.fstat(file).st_size
                try:
                    if os.write(file, line) < len(line):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    os.fsync(file)
                except OSError:
                    os.ftruncate(file, size)
                    raise
            finally:
                os.close(file)

    def _remember(self, acknowledgement: Acknowledgement) -> None:
        self._by_request[acknowledgement.request_id] = acknowledgement
        self._by_alert.setdefault(acknowledgement.alert_id, []).append(acknowledgement)


def _line(acknowledgement: Acknowledgement) -> bytes:
    return json.dumps(acknowledgement._asdict(), separators=(",", ":")).encode() + b"\n"
