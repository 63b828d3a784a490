"""Sets a stale primary's own rows aside before they are overwritten: in the place of pg_rewind, and for full copies.

    python -m ardoise.sites.set_aside SETTINGS rewind ARGUMENTS-OF-PG_REWIND
    python -m ardoise.sites.set_aside SETTINGS copy --datadir=... --connstring=...

What it committed after the fork goes into a report, <state_dir>/set-aside/<timeline>-<fork>.jsonl: rows that people
wrote whole, derived rows as counts, since the new primary derives them again. Then pg_rewind goes on, or a
whole copy takes its place (ardoise.sites.full_copy). A directory that cannot be read is not overwritten either: it is
moved beside the report, and a full copy follows.
"""

import json
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ardoise.sites.full_copy import NotCopied, copy_beside, put_in_place
from ardoise.sites.hook_settings import HookSettings, read_hook_settings
from ardoise.sites.stale_rows import DIRECTORY, StaleSummary, write_summary
from ardoise.sites.stopped_database import Fork, NotReadable, Primary, StoppedDatabase

COUNTED = ("frame", "fix_ledger", "snapshot", "race_event", "decision", "watermark")
"""Derived from the log: by epoch, how many rows and which sequences."""
NOT_COUNTED = ("fix", "rider_second", "group_second", "prediction", "alert", "alembic_version")
"""Derived too, or not about the race: the counted ones say how far they go. Any other table holds what people wrote."""
# An acknowledgement is some 200 bytes: 20 MB.
MOST_ROWS = 100_000
# The new primary has just been promoted; one that cannot be asked any more leaves the fork unknown.
ASK_LIMIT_S = 15.0
ASK_POLL_S = 0.5
# A line of some 60 bytes for each promotion.
MOST_HISTORY_BYTES = 1_000_000
# What cannot be told of a directory is told of none that is overwritten: of one that answers late or oddly neither.
UNREADABLE = (NotReadable, psycopg.Error, OSError, subprocess.SubprocessError, LookupError, ValueError)

type Line = dict[str, Any]


def main(settings_path: str, what: str, arguments: list[str]) -> None:
    """Sets aside, then becomes pg_rewind, or copies."""
    settings = read_hook_settings(settings_path)
    data, binaries = Path(settings.data), Path(settings.postgres_bin)
    parser = ArgumentParser()
    parser.add_argument("--source-server", "--connstring", dest="source", required=True)
    source = parser.parse_known_args(arguments)[0].source
    is_there = (data / "PG_VERSION").exists()
    if what == "rewind":
        if is_there:
            set_aside(settings, source)
        os.execv(binaries / "pg_rewind", ["pg_rewind", *arguments])
    # Patroni that is stopped, as with its pod, ends it so.
    signal.signal(signal.SIGTERM, _give_up)
    try:
        made = copy_beside(data, binaries, source)
        if is_there:
            set_aside(settings, source)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        put_in_place(made, data)
    except (NotCopied, OSError) as error:
        print(f"not copied at {settings.site}: {error}", file=sys.stderr, flush=True)
        # Patroni removes the directory, `keep_data` or not, unless this ends with 0; then it starts what is there.
        if not is_there:
            sys.exit(1)


def _give_up(*_: object) -> None:
    raise NotCopied("it was told to end")


def set_aside(settings: HookSettings, source: str) -> None:
    """Writes the report of what the stopped primary alone has."""
    reports = Path(settings.state_dir) / DIRECTORY
    reports.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        stopped = StoppedDatabase(Path(settings.postgres_bin), Path(settings.data))
        primary = _primary(settings, source)
        fork = primary.fork_of(stopped.system, stopped.timeline) if primary else None
        report = reports / f"{stopped.timeline}-{fork.lsn.replace('/', '_') if fork else 'unknown'}.jsonl"
        if report.exists() and fork:
            return  # Set aside before an attempt that failed: what it left of the directory says nothing any more.
        commits = stopped.commits_after(fork) if fork else None
        if fork and fork.timeline == primary.timeline and commits == []:
            print(
                f"set aside at {settings.site}: nothing, all it has the primary has",
                file=sys.stderr,
                flush=True,
            )
            return
        with stopped.opened(settings.database, settings.superuser) as session:
            said = _write_report(report, _lines(settings, stopped.timeline, fork, commits, session))
    except UNREADABLE as error:
        said = _keep(Path(settings.data), reports, error)
    print(f"set aside at {settings.site}: {said}", file=sys.stderr, flush=True)


def _primary(settings: HookSettings, source: str) -> Primary | None:
    """What is written now at the primary; None: it cannot be asked."""
    conninfo = make_conninfo(source, user=settings.rewinder, dbname="postgres", connect_timeout=3)
    query = (
        "SELECT system_identifier::text, timeline, now::text,"
        # The first timeline has no history.
        " coalesce(convert_from(pg_read_binary_file('pg_wal/' || timeline || '.history', 0, %s, true), 'UTF8'), '')"
        " FROM pg_control_system(), pg_current_wal_lsn() AS now, left(pg_walfile_name(now), 8) AS timeline"
    )
    deadline = time.monotonic() + ASK_LIMIT_S
    while True:
        try:
            with psycopg.connect(conninfo) as session:
                system, timeline, position, history = session.execute(query, [MOST_HISTORY_BYTES]).fetchone()
                return Primary(system, int(timeline, 16), position, history)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                print(f"the new primary does not say where it left us: {error}", file=sys.stderr)
                return None
        time.sleep(ASK_POLL_S)


def _lines(
    settings: HookSettings,
    timeline: int,
    fork: Fork | None,
    commits: list[int] | None,
    session: psycopg.Connection,
) -> Iterator[Line]:
    yield {
        "kind": "stale primary",
        "site": settings.site,
        "timeline": timeline,
        "fork_lsn": fork.lsn if fork else None,
        # null: that part of the log is gone; every row that people wrote follows, and counts are unknown.
        "transactions": None if commits is None else len(commits),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    tables = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    found = session.execute(f"{tables} AND NOT relispartition ORDER BY relname").fetchall()
    for (table,) in found:
        if table in COUNTED:
            yield from _counts(session, table, commits)
        elif table not in NOT_COUNTED:
            yield from _rows(session, table, commits)


def _counts(session: psycopg.Connection, table: str, commits: list[int] | None) -> Iterator[Line]:
    if commits is None:
        yield {"kind": "count", "table": table, "rows": None}
        return
    query = sql.SQL(
        "SELECT epoch, count(*), min(sequence), max(sequence) FROM {}"
        " WHERE xmin::text::bigint = ANY(%s) GROUP BY epoch ORDER BY epoch"
    )
    try:
        found = session.execute(query.format(sql.Identifier(table)), [commits]).fetchall()
    except psycopg.errors.FeatureNotSupported:
        # A compressed hypertable does not tell which transaction wrote a row.
        yield {"kind": "count", "table": table, "rows": None}
        return
    for epoch, rows, first, last in found:
        yield {"kind": "count", "table": table, "epoch": epoch, "rows": rows, "first": first, "last": last}


def _rows(session: psycopg.Connection, table: str, commits: list[int] | None) -> Iterator[Line]:
    condition = "TRUE" if commits is None else "xmin::text::bigint = ANY(%s)"
    query = sql.SQL(f"SELECT to_jsonb(row) FROM {{}} AS row WHERE {condition}").format(sql.Identifier(table))
    rows = 0
    with session.cursor() as cursor:
        for (row,) in cursor.stream(query, None if commits is None else [commits]):
            rows += 1
            if rows <= MOST_ROWS:
                yield {"kind": "row", "table": table, "row": row}
    yield {"kind": "rows", "table": table, "rows": rows, "left_off": max(rows - MOST_ROWS, 0)}


def _write_report(report: Path, lines: Iterator[Line]) -> str:
    counts: dict[str, int | None] = {}
    summary = StaleSummary(timeline=0, decisions=None)
    partial = report.with_suffix(".partial")
    with partial.open("w") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if line["kind"] in ("count", "rows"):
                table, rows = line["table"], line["rows"]
                counts[table] = None if rows is None else (counts.get(table) or 0) + rows
            if line["kind"] == "stale primary":
                # Without its log nobody can tell which of the rows the new primary has as well.
                summary = StaleSummary(line["timeline"], None if line["transactions"] is None else 0)
            elif line["kind"] == "rows" and summary.decisions is not None:
                summary = replace(summary, decisions=summary.decisions + line["rows"])
        file.flush()
        os.fsync(file.fileno())
    write_summary(report, summary)
    partial.replace(report)
    said = ", ".join(f"{'unknown' if rows is None else rows} of {table}" for table, rows in counts.items())
    return f"{said or 'nothing'} ({report})"


def _keep(data: Path, reports: Path, error: Exception) -> str:
    """Moves a directory that cannot be read away, for a person to look at. One at most: disks are finite."""
    kept = reports / "unreadable"
    if is_kept := not kept.exists():
        data.rename(kept)
    write_summary(reports / "unreadable.jsonl", StaleSummary(timeline=0, decisions=None))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with (reports / "unreadable.jsonl").open("a") as file:
        line = {"kind": "unreadable", "error": str(error), "kept": is_kept, "written": now}
        file.write(json.dumps(line) + "\n")
    where = f"is kept as {kept}" if is_kept else f"is not kept, since {kept} is one already"
    return f"unknown: the directory cannot be read, and {where} ({error})"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
