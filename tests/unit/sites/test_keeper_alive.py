"""A keeper of etcd shows that it looks, also while it rightly runs no member."""

import threading
import time
from pathlib import Path

import pytest
from ardoise.chassis.identity import DATA_PLANE, Role, ensure_development_identity
from ardoise.sites import etcd_keeper
from ardoise.sites.etcd_keeper import Keeper
from ardoise.sites.keeper_settings import ALIVE, KeeperSettings

LIMIT_S = 20.0


def test_a_keeper_that_waits_to_be_called_shows_that_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port
):
    monkeypatch.setattr(etcd_keeper, "LOOK_EVERY_S", 0.02)
    identity = ensure_development_identity(tmp_path / DATA_PLANE, "etcd", Role.SERVICE)
    keeper = Keeper(
        KeeperSettings(
            site="london-stand-in",
            etcd="/no/etcd",
            etcdutl="/no/etcdutl",
            directory=str(tmp_path),
            config={
                "advertise-client-urls": "https://127.0.0.1:2579",
                "initial-advertise-peer-urls": "https://127.0.0.1:2580",
            },
            others={"truck": f"127.0.0.1:{free_port()}"},
            witnesses={"truck": "https://127.0.0.1:2380", "london-stand-in": "https://127.0.0.1:2580"},
            ca=str(identity.ca),
            certificate=str(identity.certificate),
            key=str(identity.key),
        )
    )
    running = threading.Thread(target=keeper.run)
    running.start()
    try:
        for _ in range(2):
            appears(tmp_path / ALIVE)
            (tmp_path / ALIVE).unlink()
    finally:
        keeper.stop()
        running.join(LIMIT_S)


def appears(file: Path) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not file.exists():
        assert time.monotonic() < deadline, f"no {file.name} in {LIMIT_S:.0f} s"
        time.sleep(0.005)
