"""`drill run`: shown, asked, written, followed."""

from datetime import UTC, datetime

import typer
from rich.console import Console

from ardoise_operator.plugin.api import Api, Object, Silent
from ardoise_operator.plugin.drills import against_run, fresh_run_id, is_over, report, run_news, run_plan
from ardoise_operator.plugin.looking import every
from ardoise_operator.plugin.problem import INTERRUPTED_CODE, Problem
from ardoise_operator.plugin.words import span

FOLLOW_EVERY_S = 2.0
BEGIN_LIMIT_S = 60.0
"""By then the operator has named the run in the status, also where the precheck refuses it."""


def run(api: Api, name: str, yes: bool, dry_run: bool, follow_s: float, console: Console) -> bool:
    """Whether it held. Raises Problem."""
    drill = api.got("Drill", name)
    if against := against_run(drill):
        raise Problem(f"refused, nothing was done: {against}")
    console.print("What will be done:", style="bold")
    for number, line in enumerate(run_plan(drill), 1):
        _say(console, f"  {number}. {line}")
    run_id = fresh_run_id(drill, datetime.now(UTC).date())
    change = {
        "metadata": {"resourceVersion": drill["metadata"]["resourceVersion"]},
        "spec": {"runRequestId": run_id},
    }
    if dry_run:
        api.patched("Drill", name, change, dry_run=True)
        _say(console, "dry run: the API server would take it; nothing was done")
        return True
    if not yes and not typer.confirm(f"Run {name} now?"):
        raise Problem("nothing was done")
    api.patched("Drill", name, change)
    _say(console, f"run {run_id} is asked for")
    return _followed(api, name, run_id, follow_s, console)


def _followed(api: Api, name: str, run_id: str, follow_s: float, console: Console) -> bool:
    later = f"it goes on by itself; see it: kubectl ardoise drill report {name}"
    told = ""
    try:
        begin_s = min(follow_s, BEGIN_LIMIT_S)
        if not _begun(api, name, run_id, begin_s):
            raise Problem(
                f"nobody has begun {run_id} within {span(begin_s)}: see whether the operator runs, "
                "kubectl get pods -l app.kubernetes.io/component=operator"
            )
        for _ in every(FOLLOW_EVERY_S, follow_s):
            drill = _got(api, name)
            if drill is None:
                continue
            status = drill.get("status", {})
            if (news := run_news(status, run_id)) != told and news:
                _say(console, f"  {datetime.now(UTC):%H:%M:%S}  {news}")
                told = news
            if is_over(status, run_id):
                console.print(report(drill, datetime.now(UTC)))
                return status["verdict"] == "Held"
    except KeyboardInterrupt:
        _say(console, f"\n{later}")
        raise typer.Exit(INTERRUPTED_CODE) from None
    _say(console, f"not over after {span(follow_s)}; {later}")
    return False


def _begun(api: Api, name: str, run_id: str, limit_s: float) -> bool:
    for _ in every(FOLLOW_EVERY_S, limit_s):
        drill = _got(api, name)
        if drill is not None and run_news(drill.get("status", {}), run_id):
            return True
    return False


def _got(api: Api, name: str) -> Object | None:
    """None: the API server did not answer."""
    try:
        return api.got("Drill", name)
    except Silent:
        return None


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
