"""The README and its neighbours promise nothing that is not there: commands are run by a test, links lead somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.pages import commands, drill_commands, pages, race_day_commands, three_sites_commands

# Commands too large for a check of a page, and the test that runs each.
RUN_ELSEWHERE = {
    "make demo": "tests/integration/test_demo.py",
    "make test": "tests/integration/test_setup.py",
}
RACE_DAY = "tests/integration/test_race_day_commands.py"
THREE_SITES = "tests/sites/test_three_sites.py"
DRILLS = "tests/faults/test_drill_command.py"


def test_every_command_of_the_readme_runs(repository: Path):
    shown = list(commands(repository / "README.md"))
    assert "make demo" in shown
    assert "make test" in shown
    elsewhere = RUN_ELSEWHERE | dict.fromkeys(race_day_commands(shown), RACE_DAY)
    elsewhere |= dict.fromkeys(three_sites_commands(shown), THREE_SITES)
    elsewhere |= dict.fromkeys(drill_commands(shown), DRILLS)
    for command in shown:
        if command in elsewhere:
            assert (repository / elsewhere[command]).exists(), f"{command}: {elsewhere[command]} is gone"
            continue
        done = subprocess.run(
            command, shell=True, cwd=repository, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_every_link_inside_the_tree_leads_to_a_file(repository: Path):
    dead = []
    for page in pages(repository):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(repository)}: {target}")
    assert dead == []


def test_every_make_target_that_a_page_names_exists(repository: Path):
    there = set(re.findall(r"^([a-z-]+):.*## ", (repository / "Makefile").read_text(), flags=re.M))
    for page in pages(repository):
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text()))
        assert named <= there, f"{page.relative_to(repository)}: {named - there}"


@pytest.mark.parametrize(
    "service", ["ingest", "trackers", "positioning", "analytics", "mediawall", "security", "sites"]
)
def test_every_service_has_a_page_of_its_own(repository: Path, service: str):
    page = repository / "services" / "ardoise" / service / "README.md"
    assert page.exists(), f"{service} has no README.md"
    assert len(page.read_text().splitlines()) < 150, "one page"


def test_the_operator_has_a_page_of_its_own(repository: Path):
    assert len((repository / "operator" / "README.md").read_text().splitlines()) < 150, "one page"
