"""A keeper of etcd shows that it looks, and removes the other witness only where it is called for certain."""

import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ardoise.chassis.identity import DATA_PLANE, Role, ensure_development_identity
from ardoise.sites import etcd_keeper
from ardoise.sites.etcd_api import NoAnswer
from ardoise.sites.etcd_keeper import Keeper
from ardoise.sites.generation import Generation, Member
from ardoise.sites.keeper_settings import ALIVE, KeeperSettings

LIMIT_S = 20.0
ENOUGH = 10  # questions: it has gone round a few times
TRUCK, STAND_IN = "https://127.0.0.1:2380", "https://127.0.0.1:2580"


def keeper_of(site: str, directory: Path, neighbour: str, etcd: str = "/no/etcd") -> Keeper:
    identity = ensure_development_identity(directory / DATA_PLANE, "etcd", Role.SERVICE)
    return Keeper(
        KeeperSettings(
            site=site,
            etcd=etcd,
            etcdutl="/no/etcdutl",
            directory=str(directory),
            config={
                "advertise-client-urls": "https://127.0.0.1:2579",
                "initial-advertise-peer-urls": TRUCK if site == "truck" else STAND_IN,
            },
            others={"amsterdam": neighbour},
            witnesses={"truck": TRUCK, "london-stand-in": STAND_IN},
            ca=str(identity.ca),
            certificate=str(identity.certificate),
            key=str(identity.key),
        )
    )


def test_a_keeper_that_waits_to_be_called_shows_that_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port
):
    monkeypatch.setattr(etcd_keeper, "LOOK_EVERY_S", 0.02)
    keeper = keeper_of("london-stand-in", tmp_path, f"127.0.0.1:{free_port()}")
    running = threading.Thread(target=keeper.run)
    running.start()
    try:
        for _ in range(2):
            appears(tmp_path / ALIVE)
            (tmp_path / ALIVE).unlink()
    finally:
        keeper.stop()
        running.join(LIMIT_S)


@dataclass
class Neighbour:
    """Instead of a member: it lists four voters, and says who is called where `called` is not None."""

    called: str | None
    removed: list[str] = field(default_factory=list)
    asked: int = 0

    def members(self) -> list[Member]:
        self.asked += 1
        urls = [TRUCK, STAND_IN, "https://127.0.0.2:2380", "https://127.0.0.3:2380"]
        return [Member(url, url, ran=True, learner=False) for url in urls if url not in self.removed]

    def witness(self) -> str:
        self.asked += 1
        if self.called is None:
            raise NoAnswer("too slow")
        return self.called

    def remove(self, member: str) -> None:
        self.removed.append(member)

    def generation(self) -> Generation:
        return Generation()

    def is_learner(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("called", "removed"),
    [
        pytest.param("", [STAND_IN], id="nobody was ever called: the truck is it"),
        pytest.param("truck", [STAND_IN], id="the truck is called"),
        pytest.param("london-stand-in", [], id="the stand-in is called"),
        pytest.param(None, [], id="nobody can say"),
    ],
)
def test_a_witness_removes_the_other_only_where_it_is_called_for_certain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str | None, removed: list[str]
):
    neighbour = Neighbour(called)
    monkeypatch.setattr(etcd_keeper, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(etcd_keeper, "EtcdApi", lambda *_: neighbour)
    etcd = tmp_path / "etcd"
    etcd.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(3600)\n")
    etcd.chmod(0o700)
    (tmp_path / "data").mkdir()
    keeper = keeper_of("truck", tmp_path, "127.0.0.1:1", str(etcd))
    running = threading.Thread(target=keeper.run)
    running.start()
    try:
        deadline = time.monotonic() + LIMIT_S
        while neighbour.asked < ENOUGH:
            assert time.monotonic() < deadline, f"asked {neighbour.asked} times in {LIMIT_S:.0f} s"
            time.sleep(0.005)
    finally:
        keeper.stop()
        running.join(LIMIT_S)
    assert neighbour.removed == removed


def appears(file: Path) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not file.exists():
        assert time.monotonic() < deadline, f"no {file.name} in {LIMIT_S:.0f} s"
        time.sleep(0.005)
