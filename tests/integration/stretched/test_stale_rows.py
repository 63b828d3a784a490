"""A stale primary comes back: what it alone has is set aside and counted, then it follows."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ardoise.chassis.tables import Base
from ardoise.positioning.migrations import migrate_database
from ardoise.sites import set_aside
from ardoise.up.programs import Programs

from tests.support.nats import NatsServer
from tests.support.racelog import connect
from tests.support.stretched import Stretched, hold_log

EPOCH = 1_783_000_000_000
PEOPLES = {"alert_acknowledgement", "forced_failover", "outbox"}


def test_every_table_is_counted_or_known_to_be_derived_or_set_aside_whole():
    known = {*set_aside.COUNTED, *set_aside.NOT_COUNTED}
    assert set(Base.metadata.tables) - known == PEOPLES
    assert known - {"alembic_version"} <= set(Base.metadata.tables)


@pytest.mark.timeout(300)
async def test_rows_of_a_stale_primary_are_set_aside_before_it_follows_and_before_a_full_copy(
    programs: Programs, tmp_path: Path, nats_server: NatsServer
):
    bus = await connect(nats_server.url)
    await hold_log(bus, EPOCH, 1, 20)
    await bus.close()
    urls = dict.fromkeys(("amsterdam", "london"), nats_server.url)
    async with Stretched(tmp_path, programs, urls) as cluster:
        await asyncio.to_thread(migrate_database, cluster.url("amsterdam", "london"))
        with cluster.local("amsterdam") as session:
            record(session, 1, 5)
            acknowledge(session, "both-have-this")

        # London does not follow for a moment: what is committed now, Amsterdam alone has.
        await leave_behind(
            cluster, "amsterdam", lambda session: (record(session, 6, 9), acknowledge(session, "stale"))
        )

        # The new primary derives the same again.
        with cluster.local("london") as session:
            assert session.execute("SELECT max(sequence) FROM frame").fetchone() == (5,)
            record(session, 6, 12)
        await cluster.start("amsterdam")
        await cluster.until(cluster.both_synchronous)

        lines = report(cluster, "amsterdam")
        assert lines[0]["kind"] == "stale primary"
        assert [line["row"]["request_id"] for line in lines if line["kind"] == "row"] == ["stale"]
        counted = {
            line["table"]: (line["rows"], line["first"], line["last"]) for line in lines if "first" in line
        }
        assert counted == {"frame": (4, 6, 9), "fix_ledger": (4, 6, 9), "watermark": (1, 9, 9)}
        assert "set aside at amsterdam: " in cluster.said("amsterdam")
        with cluster.local("amsterdam") as session:
            assert session.execute("SELECT received_tli FROM pg_stat_wal_receiver").fetchone() == (2,)
            assert session.execute("SELECT max(sequence), count(*) FROM frame").fetchone() == (12, 12)
            asked = "SELECT request_id FROM alert_acknowledgement"
            assert session.execute(asked).fetchall() == [("both-have-this",)]

        # The other way round, and the log that a rewind needs is gone: a full copy, after the same.
        await leave_behind(cluster, "london", lambda session: acknowledge(session, "stale too"))
        for segment in (cluster.patroni["london"].data / "pg_wal").glob("00000001*"):
            segment.unlink()
        await cluster.start("london")
        await cluster.until(cluster.both_synchronous)
        rows = [line["row"]["request_id"] for line in report(cluster, "london") if line["kind"] == "row"]
        assert "stale too" in rows


async def leave_behind(cluster: Stretched, site: str, work) -> None:
    """Does `work` on the primary while nobody follows it, kills it, and waits until the other is primary."""
    (other,) = set(cluster.patroni) - {site}
    # The sender first: what it has sent waits in the other's kernel, to be read when it goes on.
    cluster.send(site, signal.SIGSTOP, "walsender")
    cluster.send(other, signal.SIGSTOP)
    with cluster.local(site) as session:
        session.execute("SET synchronous_commit = local")
        work(session)
    await cluster.kill(site)
    cluster.send(other, signal.SIGCONT)
    await cluster.until(lambda: cluster.writes(other))


def record(session: psycopg.Connection, first: int, last: int) -> None:
    """As the recorder writes: rows and watermark in one transaction."""
    with session.transaction():
        for sequence in range(first, last + 1):
            session.execute(
                "INSERT INTO frame VALUES ('2026-07-07 12:00Z', %s, %s, 'moto-1', 1, %s, 5)",
                [EPOCH, sequence, sequence],
            )
            session.execute("INSERT INTO fix_ledger VALUES (%s, %s, 2, NULL, 1)", [EPOCH, sequence])
        session.execute(
            "INSERT INTO watermark VALUES (%s, %s, NULL, '1', now())"
            " ON CONFLICT (epoch) DO UPDATE SET sequence = excluded.sequence",
            [EPOCH, last],
        )


def acknowledge(session: psycopg.Connection, request_id: str) -> None:
    session.execute(
        "INSERT INTO alert_acknowledgement VALUES (%s, 'alert-1', 'director', 'seen', 2, now())", [request_id]
    )


def report(cluster: Stretched, site: str) -> list[dict[str, Any]]:
    (found,) = (cluster.patroni[site].directory / set_aside.DIRECTORY).glob("*.jsonl")
    return [json.loads(line) for line in found.read_text().splitlines()]
