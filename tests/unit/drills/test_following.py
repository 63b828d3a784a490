"""A section of a runbook is done as it stands there, and a drill fails where it does not show what the page says."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest
from ardoise.rehearsal.drills import following, runbook
from ardoise.rehearsal.drills.faults import DrillFailed
from ardoise.rehearsal.drills.following import follow
from ardoise.rehearsal.drills.history import History, Kind
from ardoise.rehearsal.drills.scenario import Follow, Place
from ardoise.rehearsal.drills.waits import Wait

CAST = {Place.TRUCK: "truck", Place.PRIMARY: "london", Place.STANDBY: "amsterdam"}
type Doing = Callable[..., Awaitable[History]]


@pytest.fixture
def doing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doing:
    """Does a section of these steps: command, sentence, what is shown."""
    monkeypatch.setattr(runbook, "RUNBOOKS", tmp_path)

    async def do(*steps: tuple[str, str, str], history: History | None = None) -> History:
        history = history or History()
        page = "".join(
            f"```sh\n{command}\n```\n\n{sentence}\n\n```text\n{shown}\n```\n\n"
            for command, sentence, shown in steps
        )
        (tmp_path / "page.md").write_text(f"# Page\n\n## Section\n\n{page}")
        await follow(Follow("page", "Section"), CAST, history, tmp_path, lambda _: None)
        return history

    return do


async def test_every_command_is_done_in_order_with_the_names_of_this_drill(doing: Doing):
    history = await doing(
        ("echo one amsterdam", "You see:", "one amsterdam"), ("echo two; exit 3", "It is refused:", "two")
    )
    first, second = history.followed
    assert (first.command, first.exit_code, first.output, first.missing) == (
        "echo one london",
        0,
        "one london\n",
        (),
    )
    assert (second.exit_code, second.missing) == (3, ())
    assert [event.kind for event in history.events] == [Kind.COMMAND, Kind.COMMAND]


async def test_it_is_the_platform_under_drill_that_is_asked_by_this_very_program(
    doing: Doing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ARDOISE_SITES_FILE", "clusters-of-a-race.yaml")
    history = await doing(
        ("echo $ARDOISE_STATE_DIR $ARDOISE_SITES_FILE", "You see:", "..."),
        ("command -v ardoise", "You see:", "..."),
    )
    assert history.followed[0].output.strip() == str(tmp_path)
    assert Path(history.followed[1].output.strip()).name == "ardoise"


async def test_what_is_not_shown_fails_the_drill_and_nothing_is_done_after_it(doing: Doing, tmp_path: Path):
    history = History()
    with pytest.raises(DrillFailed, match="runbook page, Section: `echo no` does not show: yes"):
        await doing(
            ("echo no", "You see:", "yes"), (f"touch {tmp_path}/after", "You see:", ""), history=history
        )
    assert history.followed[0].missing == ("yes",)
    assert not (tmp_path / "after").exists()


@pytest.mark.parametrize(
    ("command", "sentence"), [("echo yes; exit 1", "You see:"), ("echo yes", "It is refused:")]
)
async def test_an_exit_code_that_is_not_the_expected_one_fails_the_drill(
    doing: Doing, command: str, sentence: str
):
    with pytest.raises(DrillFailed, match="exit code"):
        await doing((command, sentence, "yes"))


async def test_a_command_that_looks_is_given_again_until_it_shows_what_is_waited_for(
    doing: Doing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(following, "LOOK_AGAIN_S", 0.0)
    history = await doing(
        (
            f"echo x >> {tmp_path}/looks; wc -l < {tmp_path}/looks; grep -c x {tmp_path}/looks | "
            "sed s/3/enough/",
            "Repeat it until you see:",
            "enough",
        )
    )
    assert (tmp_path / "looks").read_text() == "x\n" * 3
    assert len(history.followed) == 1


async def test_past_the_wait_it_has_failed(doing: Doing, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(following, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(Wait.RUNBOOK, "seconds", 0.0)
    with pytest.raises(DrillFailed, match="does not show: yes"):
        await doing(("echo no", "Repeat it until you see:", "yes"))


async def test_a_command_that_does_not_end_fails_the_drill_and_is_ended(
    doing: Doing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(following, "COMMAND_LIMIT_S", 0.5)
    with pytest.raises(DrillFailed, match="was not done within"):
        await doing((f"echo $$ > {tmp_path}/pid; sleep 600", "You see:", ""))
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


async def test_a_drill_that_is_stopped_ends_its_command(doing: Doing, tmp_path: Path):
    fifo = tmp_path / "begun"
    os.mkfifo(fifo)
    doing_it = asyncio.create_task(doing((f"echo $$ > {fifo}; sleep 600", "You see:", "")))
    pid = int(await asyncio.to_thread(fifo.read_text))
    doing_it.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing_it
    assert not psutil.pid_exists(pid)
