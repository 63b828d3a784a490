"""The PostgreSQL from the wheel, with real processes and real signals."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
from ardoise.chassis.postgres import EmbeddedPostgres, PostgresError


def wait_until_gone(pid: int, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.01)


def test_a_server_keeps_its_rows_over_a_stop_and_listens_on_no_port(tmp_path: Path):
    postgres = EmbeddedPostgres(tmp_path)
    with psycopg.connect(postgres.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 41 + 1 AS answer")
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
    assert not psutil.Process(postgres.pid).net_connections("inet")
    postgres.stop()
    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    postgres.stop()


def test_a_server_killed_with_sigkill_starts_again_though_its_pid_is_someone_elses(tmp_path: Path):
    postgres = EmbeddedPostgres(tmp_path)
    with psycopg.connect(postgres.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postgres.pid, signal.SIGKILL)
    pid_file = tmp_path / "data" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    postgres.stop()


def test_a_server_dies_with_a_parent_that_is_killed(tmp_path: Path):
    program = (
        "import sys, time; from pathlib import Path; from ardoise.chassis.postgres import EmbeddedPostgres\n"
        "postgres = EmbeddedPostgres(Path(sys.argv[1])); postgres.start(); print(postgres.pid, flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_until_gone(pid)
    assert not (tmp_path / "data" / "postmaster.pid").exists(), "it did not shut down in order"


def test_two_servers_run_at_once_and_one_directory_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ardoise.chassis.postgres.ORPHAN_TIMEOUT_S", 0.1)
    one, other = EmbeddedPostgres(tmp_path / "one"), EmbeddedPostgres(tmp_path / "other")
    with (
        psycopg.connect(one.start()),
        psycopg.connect(other.start()),
        pytest.raises(PostgresError, match="already serves"),
    ):
        EmbeddedPostgres(tmp_path / "one").start()
    one.stop()
    other.stop()


def test_a_path_too_long_for_a_socket_gets_one_in_the_temporary_directory(tmp_path: Path):
    postgres = EmbeddedPostgres(tmp_path / ("long" * 30))
    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    postgres.stop()


def test_a_server_that_cannot_start_says_why(tmp_path: Path):
    with pytest.raises(PostgresError, match="no_such_setting"):
        EmbeddedPostgres(tmp_path, no_such_setting="1").start()
