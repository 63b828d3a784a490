"""Runs a site's member of etcd, and keeps it in the newest cluster there is.

    python -m ardoise.sites.etcd_keeper SETTINGS

Before it starts the member, and every second while it runs, it asks the other sites which generation of the cluster
they are in (generation.py decides). Of a newer one it hears, the member's data are set aside and it joins that. Told
to by a person (break-glass), it makes a new cluster of its member's data. What it sets aside is one copy, the newest:
disks are finite. Killed between any two lines, it comes to the same end the next time.
"""

import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

from ardoise.chassis import child
from ardoise.sites.etcd_api import EtcdApi, NoAnswer, NotDone
from ardoise.sites.generation import Generation, Member, Seat, Start, Way, decide, may_vote, seat_of, way_in
from ardoise.sites.keeper_settings import (
    ALIVE,
    DATA,
    KNOWN,
    ORDER,
    KeeperSettings,
    keep,
    kept,
    known_generation,
    read_keeper_settings,
)

LOOK_EVERY_S = 1.0
STOP_LIMIT_S = 8.0
RESTORE_LIMIT_S = 60.0
# There is one seat for learners (etcd 3.5). Who is in it and has not caught up by then is away.
LEARNER_LIMIT_S = 20.0
# Patroni and whoever else watches has seen revisions of the old cluster that the survivor has not: later than those.
REVISIONS_ON = 1_000_000


class Keeper:
    """One member. `run` returns its exit code."""

    def __init__(self, settings: KeeperSettings) -> None:
        self._settings = settings
        self._directory = Path(settings.directory)
        self._data = self._directory / DATA
        self._aside = self._directory / f"{DATA}.aside"
        tls = ssl.create_default_context(cafile=settings.ca)
        tls.load_cert_chain(settings.certificate, settings.key)
        self._others = [EtcdApi(client, tls) for client in settings.others.values()]
        listening = str(settings.config["advertise-client-urls"])
        self._own = EtcdApi(listening.rpartition("/")[2], tls)
        self._peer_url = str(settings.config["initial-advertise-peer-urls"])
        self._told_to_stop = threading.Event()
        self._votes = False
        self._first_refused_s = 0.0
        self._said = ""

    def stop(self, *_: object) -> None:
        """From a signal handler."""
        self._told_to_stop.set()

    def run(self) -> int:
        """Until it is told to stop, or the member ends by itself."""
        while not self._told_to_stop.is_set():
            self._show_that_it_looks()
            if not self._is_called():
                self._say("another member is witness")
                self._told_to_stop.wait(LOOK_EVERY_S)
                continue
            match self._decide():
                case Start.RUN:
                    pass
                case Start.WAIT:
                    self._told_to_stop.wait(LOOK_EVERY_S)
                    continue
                case Start.REBUILD:
                    self._rebuild()
                case Start.REJOIN:
                    if not self._rejoin():
                        self._told_to_stop.wait(LOOK_EVERY_S)
                        continue
            code = self._run_member()
            # It ends by itself when its seat was taken away: then there is something to be done.
            if code is not None and self._is_called() and self._decide() is Start.RUN:
                return code
        return 0

    def _is_called(self) -> bool:
        """Whether this member is to be in the cluster at all. Where nobody says, it stays as it is."""
        if not self._settings.witnesses:
            return True
        for api in self._others:
            with contextlib.suppress(NoAnswer, NotDone):
                return self._calls_this(api)
        return self._founds or self._data.exists()

    def _calls_this(self, api: EtcdApi) -> bool:
        """Whether this witness is the one that is called. Raises NoAnswer, NotDone where nobody can say."""
        return (api.witness() or next(iter(self._settings.witnesses))) == self._settings.site

    @property
    def _founds(self) -> bool:
        """Whether it is one of those that make the first cluster."""
        return self._settings.site == next(iter(self._settings.witnesses), self._settings.site)

    def _decide(self) -> Start:
        known, ordered = known_generation(self._directory), kept(self._directory / ORDER)
        if not self._founds:
            known = known or Generation()
        start = decide(known, self._data.exists(), ordered, self._elsewhere())
        if start is not Start.RUN:
            self._say(f"{start}; it has run in generation {known.number if known else 'none'}")
        return start

    def _elsewhere(self) -> tuple[Generation, Seat] | None:
        newest = self._newest()
        if newest is None:
            return None
        generation, there = newest
        for api in there:
            with contextlib.suppress(NoAnswer, NotDone):
                return generation, seat_of(api.members(), self._peer_url)
        return generation, Seat.TAKEN  # Without a majority nobody can tell: as if all were as it was.

    def _newest(self) -> tuple[Generation, list[EtcdApi]] | None:
        """The newest generation that other members answer with, and those members."""
        found: list[tuple[Generation, EtcdApi]] = []
        for api in self._others:
            with contextlib.suppress(NoAnswer, NotDone, ValueError):
                found.append((api.generation(), api))
        if not found:
            return None
        newest = max(generation for generation, _ in found)
        return newest, [api for generation, api in found if generation == newest]

    def _run_member(self) -> int | None:
        """Its exit code; None: it was stopped, because there is something to decide or the keeper is to stop."""
        if known_generation(self._directory) is None:
            keep(self._directory / KNOWN, Generation())
        config = self._directory / "etcd.json"  # JSON is YAML
        config.write_text(json.dumps(self._config, indent=1))
        command = child.bound([self._settings.etcd, "--config-file", str(config)], signal.SIGKILL)
        self._votes = False
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as member:
            while member.poll() is None:
                self._show_that_it_looks()
                if self._told_to_stop.wait(LOOK_EVERY_S) or self._has_to_move():
                    self._end(member)
                    return None
                with contextlib.suppress(NoAnswer, NotDone):
                    self._settle()
        return member.returncode or 1

    @property
    def _config(self) -> dict[str, object]:
        joining = self._directory / "joining.json"
        changed = json.loads(joining.read_text()) if joining.exists() else {}
        return {**self._settings.config, **changed}

    def _has_to_move(self) -> bool:
        known = known_generation(self._directory) or Generation()
        ordered = kept(self._directory / ORDER)
        if ordered is not None and ordered > known:
            return True
        newest = self._newest()
        return newest is not None and newest[0] > known

    def _settle(self) -> None:
        """What a running member still owes: its generation's key, and its vote."""
        known = known_generation(self._directory)
        if known is not None and known.region == self._settings.site and self._own.generation() < known:
            self._own.put_generation(known)
        self._votes = self._votes or not self._own.is_learner()
        if not self._votes:
            self._ask_for_a_vote()
        elif self._settings.witnesses:
            self._take_over()

    def _ask_for_a_vote(self) -> None:
        for api in self._others:
            with contextlib.suppress(NoAnswer, NotDone):
                members = api.members()
                if may_vote(members, self._replaced):
                    api.promote(next(one.id for one in members if one.peer_url == self._peer_url))
                    self._say("votes")
                    return

    def _take_over(self) -> None:
        """There is one witness: the one that is called. Where nobody can say which, all stay: two witnesses that each
        held themselves to be it would remove each other.

        Asked after the listing: whoever is called later comes back by itself."""
        for api in self._others:
            with contextlib.suppress(NoAnswer, NotDone):
                others = [one for one in api.members() if one.peer_url in self._replaced]
                if others and self._calls_this(api):
                    for member in others:
                        api.remove(member.id)
                        self._say(f"votes in the place of {member.peer_url}")
                return

    @property
    def _replaced(self) -> set[str]:
        """Peer URLs of the other witnesses."""
        return set(self._settings.witnesses.values()) - {self._peer_url}

    def _rebuild(self) -> None:
        ordered = kept(self._directory / ORDER)
        assert ordered is not None
        # Killed after the first of the two renames, the data are where they were set aside.
        source = self._data if self._data.exists() else self._aside
        made = self._directory / f"{DATA}.new"
        shutil.rmtree(made, ignore_errors=True)
        site = self._settings.site
        options = {
            "data-dir": made,
            "name": site,
            "initial-cluster": f"{site}={self._peer_url}",
            "initial-advertise-peer-urls": self._peer_url,
            "initial-cluster-token": f"ardoise-{ordered.operation}",
            "bump-revision": REVISIONS_ON,
        }
        command = [self._settings.etcdutl, "snapshot", "restore", source / "member" / "snap" / "db"]
        command += [f"--{name}={value}" for name, value in options.items()]
        command += ["--skip-hash-check", "--mark-compacted"]
        subprocess.run(command, check=True, timeout=RESTORE_LIMIT_S, stdin=subprocess.DEVNULL)
        if source is self._data:
            self._set_aside()
        made.rename(self._data)
        keep(self._directory / KNOWN, ordered)

    def _rejoin(self) -> bool:
        """Whether it has a seat now; else it is tried again."""
        newest = self._newest()
        if newest is None:
            return False
        generation, there = newest
        if self._data.exists():
            self._set_aside()
        members = self._let_in(there)
        if members is None:
            return False
        joining = {"initial-cluster-state": "existing", "initial-cluster": self._names(members)}
        (self._directory / "joining.json").write_text(json.dumps(joining))
        keep(self._directory / KNOWN, generation)
        return True

    def _let_in(self, there: list[EtcdApi]) -> list[Member] | None:
        """The members once this is one of them; None: not yet."""
        for api in there:
            try:
                while (found := way_in(api.members(), self._peer_url))[0] is not Way.ADD:
                    way, member = found
                    if way is Way.REMOVE:
                        api.remove(member)
                    else:
                        self._make_room(api, member)
                api.add_learner(self._peer_url)
                return api.members()
            except (NoAnswer, NotDone) as error:
                self._say(f"not let in yet: {error}")
        return None

    def _make_room(self, api: EtcdApi, learner: str) -> None:
        """Raises NotDone while the learner may still become a voter by itself."""
        try:
            api.promote(learner)
        except NotDone:
            self._first_refused_s = self._first_refused_s or time.monotonic()
            if time.monotonic() - self._first_refused_s < LEARNER_LIMIT_S:
                raise
            api.remove(learner)
        self._first_refused_s = 0.0

    def _names(self, members: list[Member]) -> str:
        """etcd looks for its own name; of the others the URL is enough."""
        return ",".join(
            f"{self._settings.site if one.peer_url == self._peer_url else one.id}={one.peer_url}"
            for one in members
        )

    def _set_aside(self) -> None:
        shutil.rmtree(self._aside, ignore_errors=True)
        self._data.rename(self._aside)

    @staticmethod
    def _end(member: subprocess.Popen[bytes]) -> None:
        member.terminate()
        try:
            member.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            member.kill()
            member.wait()

    def _show_that_it_looks(self) -> None:
        (self._directory / ALIVE).touch()

    def _say(self, what: str) -> None:
        if what != self._said:
            print(f"etcd of {self._settings.site}: {what}", file=sys.stderr, flush=True)
        self._said = what


def main(settings_path: str) -> int:
    """The exit code."""
    keeper = Keeper(read_keeper_settings(settings_path))
    signal.signal(signal.SIGTERM, keeper.stop)
    signal.signal(signal.SIGINT, keeper.stop)
    return keeper.run()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1]))
