"""The README's race day, command by command, beside a running `ardoise up`."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.phones import SOURCE
from ardoise.chassis.settings import CommonSettings
from ardoise.up.plan import PORTS

from tests.support.broker import PHONE, Phone, location
from tests.support.pages import commands, race_day_commands
from tests.support.receiver import Receiver
from tests.support.security import Reporter, eventually, malformed

START_LIMIT_S = 90
STOP_LIMIT_S = 30
COMMAND_LIMIT_S = 60
TOLD = (
    "ARDOISE_NATS_URL",
    "ARDOISE_POSITIONING_TARGET",
    "ARDOISE_SECURITY_TARGET",
    "ARDOISE_TRACKERS_TARGET",
    "ARDOISE_DATABASE_URL",
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.xdist_group("demo")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told of alerts."""
    with Receiver() as running:
        yield running


@pytest.fixture
def surroundings(repository: Path, tmp_path: Path, receiver: Receiver, free_port) -> Iterator[dict[str, str]]:
    """The environment of a shell beside a running site, whose alerts of any severity go to the receiver."""
    environment = {
        **os.environ,
        "ARDOISE_STATE_DIR": str(tmp_path / "state"),
        "ARDOISE_SECURITY_WEBHOOK_URL": receiver.url,
        "ARDOISE_SECURITY_WEBHOOK_SEVERITY": "info",
        "ARDOISE_MQTT_LISTEN": f"127.0.0.1:{free_port()}",
        "ARDOISE_MQTT_PHONES": "anne",
    }
    output = tmp_path / "up.txt"
    # Somebody else has ingest's usual port, on every machine: what is printed has to be enough.
    taken = socket.socket()
    # Also while connections of a site that has just ended are remembered: it could be bound, and nobody would have it.
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with contextlib.suppress(OSError):
        taken.bind(("127.0.0.1", PORTS["ingest"]))
        taken.listen()
    with output.open("wb") as sink:
        up = subprocess.Popen(
            [".venv/bin/ardoise", "up"],
            cwd=repository,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while "logs: " not in output.read_text():
            assert time.monotonic() < deadline, output.read_text()
            assert up.poll() is None, output.read_text()
            time.sleep(0.1)
        [target] = re.findall(r"export ARDOISE_INGEST_TARGET=(\S+)", output.read_text())
        told = environment_of(up.pid, "ingest")
        yield {
            **environment,
            **{name: told[name] for name in (*TOLD, "ARDOISE_SOURCES")},
            "ARDOISE_INGEST_TARGET": target,
        }
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(STOP_LIMIT_S)
        taken.close()


def environment_of(supervisor: int, service: str) -> dict[str, str]:
    """What a service was told: its usual ports, or others where those were taken on this machine."""
    for process in psutil.Process(supervisor).children(recursive=True):
        if process.cmdline()[-1:] == [service]:
            return process.environ()
    raise AssertionError(f"no {service}")


def test_the_readme_takes_a_stage_from_its_file_to_its_start(repository: Path, surroundings: dict[str, str]):
    up, *beside = race_day_commands(list(commands(repository / "README.md")))
    assert up == ".venv/bin/ardoise up"
    said = {}
    for command in beside:
        done = run(command, repository, surroundings)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    assert "flag dropped" in said[".venv/bin/ardoise race decisions"]


def run(command: str, repository: Path, surroundings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command of a person beside the running site."""
    return subprocess.run(
        command,
        shell=True,
        cwd=repository,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )


def test_a_round_trip_comes_through_puts_back_the_stage_and_is_refused_while_a_race_is_on(
    repository: Path, surroundings: dict[str, str]
):
    ardoise = ".venv/bin/ardoise"
    load = f"{ardoise} stage load events/tour-des-cols/event.yaml --activate"
    assert run(load, repository, surroundings).returncode == 0
    done = run(f"{ardoise} rehearse round-trip", repository, surroundings)
    assert done.returncode == 0, done.stdout + done.stderr
    for seen in ("acknowledged", "in a region", "position shown", "alert raised", "row stored", "complete"):
        assert seen in done.stdout
    listed = run(f"{ardoise} stage list", repository, surroundings).stdout.splitlines()
    assert [line.split()[1] for line in listed if line.split()[-1:] == ["live"]] == ["stage-4"]
    assert run(f"{ardoise} race start --reason x", repository, surroundings).returncode == 0
    refused = run(f"{ardoise} rehearse round-trip", repository, surroundings)
    assert (refused.returncode, refused.stderr) == (
        1,
        "ardoise: a race is on: finish it first (ardoise race finish), this takes its place\n",
    )


def test_a_phone_comes_in_beside_ardoise_up_and_a_ride_is_replayed(
    repository: Path, tmp_path: Path, surroundings: dict[str, str]
):
    ardoise = ".venv/bin/ardoise"
    load = f"{ardoise} stage load events/tour-des-cols/event.yaml --activate"
    assert run(load, repository, surroundings).returncode == 0
    url = re.search("osmand=([^,]+)", surroundings["ARDOISE_SOURCES"])[1]
    assert url.startswith("http://127.0.0.1:")
    assert (
        run(
            f"{ardoise} tracker assign 'anne'\"'\"'s phone' --source osmand --bib 12",
            repository,
            surroundings,
        ).returncode
        == 0
    )
    fix = {"id": "anne's phone", "lat": 44.95, "lon": 6.05, "accuracy": 4, "timestamp": int(time.time())}
    assert httpx.post(url, params=fix).status_code == 200
    listed = run(f"{ardoise} tracker list", repository, surroundings).stdout
    assert re.search(r"anne's phone +osmand +\d+ +12 +ARRIEGUI", listed), listed
    ride = tmp_path / "ride.geojson"
    line = {"type": "LineString", "coordinates": [[6.05, 44.95], [6.051, 44.95], [6.052, 44.95]]}
    ride.write_text(json.dumps(line))
    replay = run(f"{ardoise} tracker replay {ride} --bib 12 --kmh 40 --speed 50", repository, surroundings)
    assert "3 of 3 fixes sent" in replay.stdout, replay.stderr


async def test_a_phone_with_owntracks_comes_to_the_broker_of_ardoise_up(
    repository: Path, tmp_path: Path, surroundings: dict[str, str]
):
    ardoise, state = ".venv/bin/ardoise", tmp_path / "state"
    load = f"{ardoise} stage load events/tour-des-cols/event.yaml --activate"
    assert run(load, repository, surroundings).returncode == 0
    assign = f"{ardoise} tracker assign {PHONE} --bib 12"
    unsaid = run(assign, repository, surroundings)
    assert (unsaid.returncode, "say --source osmand or --source owntracks-mqtt" in unsaid.stderr) == (1, True)
    assert run(f"{assign} --source {SOURCE}", repository, surroundings).returncode == 0
    password = (state / "nats" / "phones" / "anne.password").read_text().strip()
    broker, ca = surroundings["ARDOISE_MQTT_LISTEN"], state / "identity" / "ca.pem"
    async with Phone(broker, "anne", password, "otx-anne", ca) as phone:
        assert phone.refused == ""
        await phone.publish(f"owntracks/{PHONE}", location())
    deadline = time.monotonic() + COMMAND_LIMIT_S
    while not re.search(
        rf"{PHONE} +{SOURCE} +\d+ +12 +ARRIEGUI",
        listed := run(f"{ardoise} tracker list", repository, surroundings).stdout,
    ):
        assert time.monotonic() < deadline, listed


async def test_an_alert_goes_to_the_webhook_that_the_environment_of_ardoise_up_names(
    surroundings: dict[str, str], receiver: Receiver
):
    settings = CommonSettings(
        state_dir=surroundings["ARDOISE_STATE_DIR"], nats_url=surroundings["ARDOISE_NATS_URL"]
    )
    bus = await Bus.connect(settings, "ingest")
    try:
        await Reporter(bus).refused(malformed(20))

        async def told() -> bool:
            return bool(receiver.bodies)

        await eventually(told)
    finally:
        await bus.close()
