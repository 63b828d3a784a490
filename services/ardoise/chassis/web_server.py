"""uvicorn beside other things in one process."""

import contextlib
from collections.abc import Iterator

import uvicorn


class WebServer(uvicorn.Server):
    """Signals belong to the process, which stops this server among everything else."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield
