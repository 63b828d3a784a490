"""What a module logs."""

import contextlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from unittest import mock

import structlog
from structlog.testing import LogCapture


@contextlib.contextmanager
def logged_by(module: ModuleType) -> Iterator[list[dict[str, Any]]]:
    """Its entries. structlog's own capture_logs misses them once a test before has run a service: loggers stay."""
    captured = LogCapture()
    log = structlog.wrap_logger(None, processors=[captured], wrapper_class=structlog.BoundLogger)
    with mock.patch.object(module, "_log", log):
        yield captured.entries
