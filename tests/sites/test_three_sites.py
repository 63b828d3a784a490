"""Three sites on this machine, as the README starts them, shows them, breaks them and moves their primary."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from ardoise.up.control import Control

from tests.support.broker import Phone, location
from tests.support.pages import commands, three_sites_commands

START_LIMIT_S = 240
STOP_LIMIT_S = 60
COMMAND_LIMIT_S = 120
WITHIN_S = 90
# What cannot be had on every machine; the rest of the line says how to get it.
UNAVAILABLE = ("no network namespaces", "they come from Debian 13")
WEBHOOK_URL = "http://127.0.0.1:9/alerts"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("three sites")]
Ardoise = Callable[[str], str]


@pytest.fixture(scope="module")
def ardoise(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ardoise]:
    """Runs a command beside running sites with a live race on them; returns what it printed."""
    directory = tmp_path_factory.mktemp("three")
    environment = {
        **os.environ,
        "ARDOISE_STATE_DIR": str(directory / "state"),
        "ARDOISE_SECURITY_WEBHOOK_URL": WEBHOOK_URL,
        "ARDOISE_MQTT_PHONES": "anne",
        "COLUMNS": "160",
    }
    output = directory / "up.txt"
    with output.open("wb") as sink:
        up = subprocess.Popen(
            [".venv/bin/ardoise", "sites", "up"],
            cwd=repository,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )

    def run(command: str) -> str:
        done = subprocess.run(
            command,
            shell=True,
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    try:
        deadline = time.monotonic() + START_LIMIT_S
        while "what to break" not in output.read_text():
            said = output.read_text()
            if up.poll() is not None and any(reason in said for reason in UNAVAILABLE):
                pytest.skip(f"three sites: {said.strip().splitlines()[-1]}")
            assert up.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
        environment["ARDOISE_INGEST_TARGET"] = re.search(r"relays: (\S+)", output.read_text())[1]
        run(".venv/bin/ardoise stage load events/tour-des-cols/event.yaml --activate")
        run(".venv/bin/ardoise race start --reason test")
        yield run
    finally:
        if up.poll() is None:
            up.send_signal(signal.SIGINT)
        up.wait(STOP_LIMIT_S)


def test_a_webhook_of_the_environment_reaches_the_regions_and_not_the_truck_which_has_no_database(
    ardoise: Ardoise,
):
    """The truck's security would not start with it."""
    running = re.findall(r"security +running +(\d+) +0", ardoise(".venv/bin/ardoise sites parts"))
    told = [psutil.Process(int(pid)).environ()["ARDOISE_SECURITY_WEBHOOK_URL"] for pid in running]
    assert told == ["", WEBHOOK_URL, WEBHOOK_URL]


def status(ardoise: Ardoise) -> str:
    return ardoise(".venv/bin/ardoise sites status")


def until(ardoise: Ardoise, *patterns: str) -> str:
    """The status once it says all of these. Fails with the last one where it does not within WITHIN_S."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        said = status(ardoise)
        if all(re.search(pattern, said) for pattern in patterns):
            return said
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {patterns}\n{said}"


def test_both_regions_follow_the_truck_and_all_three_show_the_same_race(ardoise: Ardoise):
    said = until(
        ardoise,
        r"could london take over now, without loss\? yes",
        r"amsterdam .* primary .* following",
        r"london .* synchronous standby .* following",
        r"PicturesEqual +yes",
        r"Degraded +NO",
    )
    assert "lost if london alone were left now" in said


async def test_a_phone_that_is_named_comes_by_mqtt_to_the_truck_through_its_forward(ardoise: Ardoise):
    state_dir = Path(ardoise("echo $ARDOISE_STATE_DIR").strip())
    async with Control(state_dir) as control:
        truck = (await control.state())["sites"]["truck"]
    password = (state_dir / "truck" / "disk" / "nats" / "phones" / "anne.password").read_text().strip()
    ca = Path(truck["identity_dir"]) / "ca.pem"
    async with Phone(truck["ports"]["mqtt"], "anne", password, "otx-anne", ca) as phone:
        await phone.publish("owntracks/anne/phone", location())
    command = f"ARDOISE_TRACKERS_TARGET={truck['ports']['trackers']} .venv/bin/ardoise tracker list --unknown"
    deadline = time.monotonic() + WITHIN_S
    while "anne/phone" not in (said := ardoise(command)):
        assert time.monotonic() < deadline, said


def test_the_readme_breaks_a_link_moves_the_primary_and_takes_a_region_away(
    repository: Path, ardoise: Ardoise
):
    up, *beside = three_sites_commands(list(commands(repository / "README.md")))
    assert up == ".venv/bin/ardoise sites up"
    said = {}
    for command in beside:
        if "switchover" in command:
            until(ardoise, r"could london take over now, without loss\? yes", r"Degraded +NO")
        said[command] = ardoise(command)
    assert "truck -> london: cut" in said[".venv/bin/ardoise sites link truck london --cut"]
    assert "every link is whole" in said[".venv/bin/ardoise sites link truck london"]
    until(
        ardoise, r"london .* primary", r"could amsterdam take over now, without loss\? yes", r"Degraded +NO"
    )
