"""Patroni's pre_promote hook: asks the region's database and logs, lets the guard decide, says why.

    python -m ardoise.sites.before_promotion SETTINGS

Ends with 0: promote; 1: do not. Refused, Patroni gives the leadership back and asks again a lease later.
Every millisecond here is one without a primary: no psycopg, no pydantic; psql runs while nats is imported.
"""

import asyncio
import contextlib
import os
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import nats
import nats.errors
from nats.aio.client import Client

from ardoise.sites.guard import UNKNOWN, Epoch, Held, Holding, Promotion, Unknown, Verdict, judge
from ardoise.sites.hook_settings import HookSettings, read_hook_settings
from ardoise.sites.leave import use_leave

IDENTITY = "sites"
STREAM_PREFIX = "LOG_"
# Together well below Patroni's lease, which runs meanwhile.
DATABASE_LIMIT_S = 3.0
NATS_LIMIT_S = 2.0
TRUCK_LIMIT_S = 2.0
PAGES = 100
"""Of 256 streams each."""
NO_SUCH_TABLE = "42P01"

type Logs = Mapping[int, Held] | Unknown


def main(settings_path: str) -> int:
    """Decides and says so; the exit code."""
    settings = read_hook_settings(settings_path)
    promotion = asyncio.run(examine(settings))
    if promotion.verdict is Verdict.LOSS_FREE:
        return _say(settings, "agreed", promotion)
    operation = use_leave(Path(settings.state_dir))
    if operation is not None:
        return _say(settings, f"forced by operation {operation}", promotion)
    _say(settings, "refused", promotion)
    return 1


async def examine(settings: HookSettings) -> Promotion:
    """What a promotion of this region would cost. The truck is asked only where the answer hangs on it."""
    database = await asyncio.create_subprocess_exec(
        *_watermarks_command(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            "LC_ALL": "C",
            "PGOPTIONS": f"-c statement_timeout={DATABASE_LIMIT_S:.0f}s",
            "PGCONNECT_TIMEOUT": "2",
        },
    )
    async with _connected(settings) as bus:
        mirrors = await _logs(bus, "$JS.API", NATS_LIMIT_S)
        watermarks = await _watermarks(database)
        promotion = judge_with(watermarks, mirrors, UNKNOWN)
        if promotion.verdict is not Verdict.LOSS_FREE:
            truck = await _logs(bus, f"$JS.{settings.truck}.API", TRUCK_LIMIT_S)
            promotion = judge_with(watermarks, mirrors, truck)
    return promotion


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


async def _watermarks(database: asyncio.subprocess.Process) -> Mapping[int, int] | Unknown:
    try:
        async with asyncio.timeout(DATABASE_LIMIT_S):
            found, said = await database.communicate()
    except TimeoutError:
        database.kill()
        await database.wait()
        return UNKNOWN
    if database.returncode != 0:
        # No table yet: nothing has ever been recorded, and nothing can be missing.
        return {} if NO_SUCH_TABLE in said.decode() else UNKNOWN
    lines = found.decode().splitlines()
    return {int(epoch): int(sequence) for epoch, sequence in map(str.split, lines)}


@contextlib.asynccontextmanager
async def _connected(settings: HookSettings) -> AsyncIterator[Client | None]:
    """A connection to the region's nats-server; None where there is none to be had."""
    tls = None
    if settings.nats_url.startswith("tls://"):
        # As chassis.identity does; importing cryptography would cost a tenth of a second.
        tls = ssl.create_default_context(cafile=f"{settings.identity_dir}/ca.pem")
        tls.load_cert_chain(
            f"{settings.identity_dir}/{IDENTITY}.pem", f"{settings.identity_dir}/{IDENTITY}.key"
        )
    try:
        async with asyncio.timeout(NATS_LIMIT_S):
            client = await nats.connect(
                settings.nats_url,
                tls=tls,
                inbox_prefix=f"_INBOX_{IDENTITY}",
                allow_reconnect=False,
                error_cb=_quiet,
            )
    except (OSError, nats.errors.Error, TimeoutError):
        yield None
        return
    try:
        yield client
    finally:
        await client.close()


async def _quiet(error: Exception) -> None:
    """What goes wrong is an answer that does not come, and Unknown is what is made of it."""


async def _logs(bus: Client | None, api: str, limit_s: float) -> Logs:
    """What a JetStream domain holds of each epoch."""
    if bus is None:
        return UNKNOWN
    manager = bus.jetstream(prefix=api, timeout=limit_s)
    found: dict[int, Held] = {}
    offset = 0
    try:
        async with asyncio.timeout(limit_s):
            for _ in range(PAGES):
                page = await manager.streams_info_iterator(offset)
                infos = list(page)
                for info in infos:
                    epoch = info.config.name.removeprefix(STREAM_PREFIX)
                    if epoch != info.config.name and epoch.isdecimal():
                        # A stream without messages may say 0 for its first.
                        last = info.state.last_seq
                        found[int(epoch)] = Held(
                            info.state.first_seq if info.state.messages else last + 1, last
                        )
                offset += len(infos)
                if not infos or offset >= page.total:
                    return found
    except (nats.errors.Error, TimeoutError, KeyError, ValueError):
        return UNKNOWN
    return UNKNOWN


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
