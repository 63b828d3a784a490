"""Runbooks: read as a drill follows them, none without a drill, no condition without a runbook."""

import re
from pathlib import Path

import pytest
from ardoise.pb.sites_pb2 import DigestStatus, SitesStatus
from ardoise.rehearsal.drills.runbook import (
    RUNBOOKS,
    Command,
    Expectation,
    for_cast,
    read_page,
    sections,
)
from ardoise.rehearsal.drills.scenario import Follow, Place
from ardoise.rehearsal.drills.scenarios import SCENARIOS
from ardoise.sites.status import complete

from tests.unit.sites.test_status import TOPOLOGY

PAGES = sorted(page.stem for page in RUNBOOKS.glob("*.md") if page.stem != "README")
FOLLOWED = [
    (scenario, step) for scenario in SCENARIOS.values() for step in scenario.steps if isinstance(step, Follow)
]
PAGE = """# A page

Drill: `ardoise drill run something`

## Look

Do it:

```sh
ardoise sites status
```

Repeat it until you see:

```text
 london  4 ms  primary ...  0.5 s

ok Protected
```

## Words alone

Nothing to do.

## Do

1. First:

   ```sh
   ardoise sites switchover london
   ```

   It is refused:

   ```text
   ardoise: why
   ```

```sh
ardoise sites parts
```
"""


def command(*shown: str, line: str = "ardoise sites status") -> Command:
    return Command(line, Expectation.AT_ONCE, shown)


def test_a_page_is_its_sections_with_their_commands_in_order():
    found = sections(PAGE)
    assert list(found) == ["Look", "Do"]
    assert found["Look"] == (
        Command(
            "ardoise sites status",
            Expectation.IN_TIME,
            ("london  4 ms  primary ...  0.5 s", "ok Protected"),
        ),
    )
    assert found["Do"] == (
        Command("ardoise sites switchover london", Expectation.REFUSED, ("ardoise: why",)),
        Command("ardoise sites parts", Expectation.AT_ONCE, ()),
    )


def test_a_sentence_that_nobody_knows_before_what_is_shown_is_an_error():
    with pytest.raises(
        ValueError, match="'You may see:' after `ardoise sites status`: write one of You see:"
    ):
        sections(PAGE.replace("Repeat it until you see:", "You may see:"))


def test_a_page_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="there is no runbook nothing"):
        read_page("nothing")


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("london  4 ms  primary", " london      117 ms     primary  "),
        ("0.00 s of the race", "55.25 s of the race"),
        ("LOG_7: stuck", "LOG_1795617628528: stuck"),
        ("no... Unknown", "no, since 14:40:55 UTC   Unknown"),
        ("shows the truth (it does)", "shows the truth (it does)"),
    ],
)
def test_figures_dots_and_spaces_stand_for_any(written: str, printed: str):
    assert command(written).missing(f"before\n{printed}\nafter") == []


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("london  4 ms  primary", "london  4 ms  standby"),
        ("Degraded  NO", "Degraded  yes"),
        ("4 behind", "Unknown behind"),
        ("a b", "a\nb"),
        ("shows (it)", "shows it"),
    ],
)
def test_words_stand_for_themselves(written: str, printed: str):
    assert command(written).missing(printed) == [written]


def test_lines_come_in_any_order():
    assert command("amsterdam standby", "london primary").missing("london primary\namsterdam standby") == []


def test_where_london_is_primary_the_names_are_changed_over():
    cast = {Place.TRUCK: "truck", Place.PRIMARY: "london", Place.STANDBY: "amsterdam"}
    changed = for_cast(command("london standby: no amsterdam", line="ardoise sites switchover london"), cast)
    assert changed.line == "ardoise sites switchover amsterdam"
    assert changed.shown == ("amsterdam standby: no london",)


@pytest.mark.parametrize("page", PAGES)
def test_no_runbook_expects_a_list_of_sites(page: str):
    """`ardoise` writes it in one order, whichever is primary: names that are changed over have another."""
    lines = [line for found in sections(read_page(page)).values() for one in found for line in one.shown]
    assert [line for line in lines if re.search("amsterdam, london|london, amsterdam", line)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_section_of_a_runbook_is_followed_by_the_drills_that_it_names(page: str):
    text = read_page(page)
    named = set(re.findall(r"`ardoise drill run ([a-z-]+)`", text.split("\n## ")[0]))
    assert named, f"{page} names no drill"
    assert named == {scenario.name for scenario, step in FOLLOWED if step.runbook == page}
    followed = {step.section for _, step in FOLLOWED if step.runbook == page}
    assert followed == set(sections(text))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_drill_follows_sections_in_the_order_of_their_page(scenario):
    for page in scenario.runbooks:
        order = list(sections(read_page(page)))
        steps = [step.section for step in scenario.steps if isinstance(step, Follow) and step.runbook == page]
        assert steps == sorted(steps, key=order.index)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_runbook_says_what_is_to_be_seen(page: str):
    shown = {one.line: one.shown for commands in sections(read_page(page)).values() for one in commands}
    assert all(shown.values()), shown


def test_every_runbook_is_in_the_index(repository: Path):
    index = (repository / "docs" / "runbooks" / "README.md").read_text()
    assert [page for page in PAGES if f"({page}.md" not in index] == []


def test_every_condition_of_the_sites_is_in_the_index():
    conditions = complete(SitesStatus(), TOPOLOGY, DigestStatus()).conditions
    index = read_page("README")
    assert conditions
    assert [one.type for one in conditions if one.type not in index] == []
