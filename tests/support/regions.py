"""Two PostgreSQLs, one following the other synchronously, set as Patroni sets them: without Patroni, in seconds."""

import contextlib
import signal
import subprocess
import time
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psutil
import psycopg
from ardoise.chassis.child import bound
from ardoise.chassis.postgres import EmbeddedPostgres

FOLLOWER = "london"
LIMIT_S = 60.0
POLL_S = 0.02


class TwoRegions:
    """`amsterdam` is the primary, `london` its synchronous standby. Use: `with TwoRegions(directory) as regions`."""

    def __init__(self, directory: Path) -> None:
        self.amsterdam = EmbeddedPostgres(directory / "amsterdam", fsync="off")
        self.london = EmbeddedPostgres(directory / "london", fsync="off")

    def __enter__(self) -> Self:
        try:
            source = self.amsterdam.start()
            self.london.directory.mkdir(parents=True)
            copy = [str(self.amsterdam._binaries / "pg_basebackup"), "-R", "-c", "fast"]
            copy += ["-D", str(self.london._data), "-d", f"{source}&application_name={FOLLOWER}"]
            subprocess.run(
                bound(copy, signal.SIGKILL, never_as_root=True),
                check=True,
                timeout=LIMIT_S,
                capture_output=True,
            )
            self.london.start()
            self.count_on(FOLLOWER)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Of whichever is the primary."""
        hosts = ",".join(str(server._sockets) for server in (self.amsterdam, self.london))
        return f"postgresql://ardoise@/ardoise?host={quote(hosts, safe='')}"

    def count_on(self, follower: str, server: EmbeddedPostgres | None = None) -> None:
        """What Patroni does when the follower is there, and, with none (""), when it is gone."""
        with psycopg.connect((server or self.amsterdam).url, autocommit=True) as session:
            session.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{follower}'")
            session.execute("SELECT pg_reload_conf()")
            wanted = "SELECT current_setting('synchronous_standby_names') = %s"
            _until(lambda: session.execute(wanted, [follower]).fetchone() == (True,))
            if follower:
                following = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
                _until(lambda: session.execute(following).fetchone() == (1,))

    def cut(self) -> None:
        """Nothing passes between the regions, and nobody has noticed yet."""
        send(self.london, signal.SIGSTOP)

    def mend(self) -> None:
        """The follower goes on."""
        send(self.london, signal.SIGCONT)

    def fail_over(self) -> None:
        """Amsterdam is gone at once; London is promoted, and commits alone."""
        send(self.amsterdam, signal.SIGKILL)
        self.amsterdam.stop()
        self.mend()
        with psycopg.connect(self.london.url, autocommit=True) as session:
            assert session.execute("SELECT pg_promote(true, 60)").fetchone() == (True,)
        self.count_on("", self.london)

    def stop(self) -> None:
        """Ends both. A primary that stops waits for its follower to have everything: that has to run."""
        self.mend()
        self.amsterdam.stop()
        self.london.stop()


def send(server: EmbeddedPostgres, number: signal.Signals) -> None:
    """To the postmaster first, so that it starts no new process meanwhile."""
    with contextlib.suppress(psutil.NoSuchProcess):
        postmaster = psutil.Process(server.pid) if server.pid else None
        for process in [postmaster, *postmaster.children(recursive=True)] if postmaster else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)


def _until(condition) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "PostgreSQL did not follow"
        time.sleep(POLL_S)
