"""The command line: options where people write them, times as kubectl takes them, help worth reading."""

import subprocess
import sys
from pathlib import Path

import pytest
from ardoise_operator.plugin.commands import FOLLOW_LIMIT, app, hoisted, seconds
from ardoise_operator.plugin.problem import Misused
from typer.testing import CliRunner

COMMANDS = (
    *(["status"], ["switchover"], ["failover"], ["break-glass"]),
    *(["drill", "list"], ["drill", "run"], ["drill", "report"]),
)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        (["status", "-n", "race"], ["-n", "race", "status"]),
        (["status", "-nrace", "-w"], ["-nrace", "status", "-w"]),
        (
            ["switchover", "--context=lon", "london", "--yes"],
            ["--context=lon", "switchover", "london", "--yes"],
        ),
        (["--context", "lon", "drill", "list"], ["--context", "lon", "drill", "list"]),
        (["status", "--", "-n"], ["status", "--", "-n"]),
    ],
)
def test_which_cluster_may_be_said_anywhere(given: list[str], understood: list[str]):
    assert hoisted(given) == understood


def test_an_option_without_its_value_is_named():
    with pytest.raises(Misused, match="--context needs a value"):
        hoisted(["status", "--context"])


@pytest.mark.parametrize(("text", "long_s"), [("90s", 90), ("5m", 300), ("1.5h", 5400), ("20", 20)])
def test_times_are_as_kubectl_takes_them(text: str, long_s: float):
    assert seconds(text) == long_s


@pytest.mark.parametrize("text", ["", "5 m", "soon", "-1s", "1e9"])
def test_any_other_time_is_refused(text: str):
    with pytest.raises(Misused, match="write a time as in 90s, 5m or 1h"):
        seconds(text)


def test_a_change_is_followed_longer_than_it_has_to_wait_for_the_one_before_it():
    cool_down_s, rejoining_s = 60, 120
    assert seconds(FOLLOW_LIMIT) > cool_down_s + rejoining_s


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: list[str]):
    done = CliRunner().invoke(app, [*command, "--help"])
    assert done.exit_code == 0
    assert "--context" in done.output


def test_kubectl_finds_it_and_its_errors_are_one_line(tmp_path: Path):
    program = Path(sys.executable).with_name("kubectl-ardoise")
    environment = {"KUBECONFIG": str(tmp_path / "none"), "PATH": ""}
    for arguments in (
        ["status"],
        ["switchover", "london", "--context"],
        ["failover", "london", "--timeout=x"],
    ):
        done = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith("error: ")
        assert len(done.stderr.splitlines()) == 1
