"""`kubectl ardoise`: who is primary, moving it, and rehearsing that, for people who have kubectl and nothing else."""

import sys

USAGE_CODE = 2


def main() -> None:
    """Entry point of `kubectl-ardoise`, which kubectl finds on PATH. What a person can mend is one line."""
    try:
        from ardoise_operator.plugin.commands import main as run
        from ardoise_operator.plugin.problem import Problem
    except ModuleNotFoundError as error:
        print(f"error: {error.name} is not installed: pip install 'ardoise[operator]'", file=sys.stderr)
        raise SystemExit(USAGE_CODE) from error
    try:
        run()
    except Problem as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.code) from error
