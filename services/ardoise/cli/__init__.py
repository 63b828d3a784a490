"""The command `ardoise`: one program for every service, for the people who run a race, and for the demo."""

import os
import sys
from collections.abc import Callable

from ardoise.cli.one_service import SERVICES, run_named


def main() -> None:
    """Entry point. What a person can mend is one line on standard error and exit code 1."""
    # gRPC reads it as it is imported. It writes a line of its own for each stranger that it turns away: into a log
    # of JSON, and into the terminal of a demo at whose ports somebody else's services still answer.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    if sys.argv[1:] and sys.argv[1] in SERVICES and len(sys.argv) == 2:
        # A service imports itself and nothing else of ours: six of them start at once on a laptop.
        _run(lambda: run_named(sys.argv[1]), (OSError, ValueError))
        return
    from ardoise.cli.people import MENDABLE, app

    _run(app, MENDABLE)


def _run(command: Callable[[], None], mendable: tuple[type[Exception], ...]) -> None:
    try:
        command()
    except mendable as error:
        print(f"ardoise: {error}", file=sys.stderr)
        raise SystemExit(1) from error
