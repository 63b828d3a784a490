"""Patroni's pre_promote hook: asks the region's database and logs, lets the guard decide, says why.

    python -m ardoise.sites.before_promotion SETTINGS

Ends with 0: promote; 1: do not. Refused, Patroni gives the leadership back and asks again a lease later.
Every millisecond here is one without a primary: psql instead of psycopg, a socket instead of nats-py.
"""

import os
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ardoise.sites.guard import UNKNOWN, Epoch, Held, Holding, Promotion, Unknown, Verdict, judge
from ardoise.sites.hook_settings import HookSettings, read_hook_settings
from ardoise.sites.leave import use_leave
from ardoise.sites.stream_list import NoAnswer, StreamLists

IDENTITY = "sites"
# Together well below Patroni's lease, which runs meanwhile.
DATABASE_LIMIT_S = 3.0
NATS_LIMIT_S = 2.0
NO_SUCH_TABLE = "42P01"

type Logs = Mapping[int, Held] | Unknown


def main(settings_path: str) -> int:
    """Decides and says so; the exit code."""
    settings = read_hook_settings(settings_path)
    promotion = examine(settings)
    if promotion.verdict is Verdict.LOSS_FREE:
        return _say(settings, "agreed", promotion)
    operation = use_leave(Path(settings.state_dir))
    if operation is not None:
        return _say(settings, f"forced by operation {operation}", promotion)
    _say(settings, "refused", promotion)
    return 1


def examine(settings: HookSettings) -> Promotion:
    """What a promotion of this region would cost. The truck is asked only where the answer hangs on it."""
    with subprocess.Popen(
        _watermarks_command(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            "LC_ALL": "C",
            "PGOPTIONS": f"-c statement_timeout={DATABASE_LIMIT_S:.0f}s",
            "PGCONNECT_TIMEOUT": "2",
        },
    ) as database:
        try:
            lists = StreamLists(settings.nats_url, _tls(settings), f"_INBOX_{IDENTITY}", NATS_LIMIT_S)
        except NoAnswer:
            return judge_with(_watermarks(database), UNKNOWN, UNKNOWN)
        with lists:
            mirrors = _logs(lists, "$JS.API")
            watermarks = _watermarks(database)
            promotion = judge_with(watermarks, mirrors, UNKNOWN)
            if promotion.verdict is Verdict.LOSS_FREE:
                return promotion
            return judge_with(watermarks, mirrors, _logs(lists, f"$JS.{settings.truck}.API"))


def judge_with(watermarks: Mapping[int, int] | Unknown, mirrors: Logs, truck: Logs) -> Promotion:
    """The guard's verdict. That decisions are here is Patroni's to ask, and it has: only a synchronous member, or
    the primary that was, comes to its hook."""
    if isinstance(watermarks, Unknown):
        return judge(UNKNOWN, synchronous=True)
    known = set(watermarks).union(*(logs for logs in (mirrors, truck) if not isinstance(logs, Unknown)))
    epochs = {
        epoch: Epoch(watermarks.get(epoch, 0), _holding(mirrors, epoch), _holding(truck, epoch))
        for epoch in known
    }
    return judge(epochs, synchronous=True)


def _holding(logs: Logs, epoch: int) -> Holding:
    return logs if isinstance(logs, Unknown) else logs.get(epoch)


def _watermarks_command(settings: HookSettings) -> list[str]:
    psql = [f"{settings.postgres_bin}/psql", "-XAtq", "-v", "VERBOSITY=sqlstate", "-F", " "]
    where = ["-h", settings.sockets, "-U", settings.superuser, "-d", settings.database]
    return [*psql, *where, "-c", "SELECT epoch, sequence FROM watermark"]


def _watermarks(database: subprocess.Popen[str]) -> Mapping[int, int] | Unknown:
    try:
        found, said = database.communicate(timeout=DATABASE_LIMIT_S)
    except subprocess.TimeoutExpired:
        database.kill()
        return UNKNOWN
    if database.returncode != 0:
        # No table yet: nothing has ever been recorded, and nothing can be missing.
        return {} if NO_SUCH_TABLE in said else UNKNOWN
    return {int(epoch): int(sequence) for epoch, sequence in map(str.split, found.splitlines())}


def _logs(lists: StreamLists, api: str) -> Logs:
    """What a JetStream domain holds of each epoch."""
    try:
        return {epoch: Held(first, last) for epoch, (first, last) in lists.logs(api).items()}
    except NoAnswer:
        return UNKNOWN


def _tls(settings: HookSettings) -> ssl.SSLContext | None:
    """As chassis.identity makes it; importing cryptography would cost a tenth of a second."""
    if not settings.nats_url.startswith("tls://"):
        return None
    tls = ssl.create_default_context(cafile=f"{settings.identity_dir}/ca.pem")
    tls.load_cert_chain(f"{settings.identity_dir}/{IDENTITY}.pem", f"{settings.identity_dir}/{IDENTITY}.key")
    return tls


def _say(settings: HookSettings, what: str, promotion: Promotion) -> int:
    for reason in promotion.reasons:
        print(
            f"promotion of {settings.site} {what} ({promotion.verdict}): {reason}",
            file=sys.stderr,
            flush=True,
        )
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stderr.flush()
    # Nothing is left to be cleaned up, and the interpreter's own cleaning takes its time.
    os._exit(code)
