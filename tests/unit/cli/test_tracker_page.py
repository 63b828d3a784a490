"""The pages for a race director: every `ardoise` command on them is one that there is."""

import shlex
from pathlib import Path

import pytest
from ardoise.cli.people import app
from typer.testing import CliRunner

from tests.support.pages import commands

PAGES = ("docs/trackers/README.md", "docs/trackers/phones.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_is_taken_with_its_options(repository: Path, page: str):
    shown = [
        command.partition("/ardoise ")[2] for command in commands(repository / page) if "/ardoise " in command
    ]
    assert shown
    for arguments in shown:
        done = CliRunner().invoke(app, [*shlex.split(arguments), "--help"])
        assert done.exit_code == 0, f"ardoise {arguments}\n{done.output}"
