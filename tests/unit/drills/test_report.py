"""The report: kept and read again, in the terminal, on a page that needs nothing from elsewhere."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ardoise.rehearsal.drills.history import Followed
from ardoise.rehearsal.drills.report.files import keep, read
from ardoise.rehearsal.drills.report.listing import listing
from ardoise.rehearsal.drills.report.model import Report, Verdict
from ardoise.rehearsal.drills.report.page import page
from ardoise.rehearsal.drills.report.picture import picture
from ardoise.rehearsal.drills.report.table import print_report, summary
from ardoise.rehearsal.drills.scenarios import SCENARIOS
from rich.console import Console, RenderableType

from tests.support.drilled import evidence, history, report


def printed(one: Report, width: int = 160) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        print_report(one, console)
    return captured.get()


def shown_as(what: RenderableType, width: int = 160) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def broken() -> Report:
    found = evidence()
    del found.written.fixes[next(iter(found.written.fixes))]
    return report(found=found)


def test_a_report_is_read_as_it_was_kept(tmp_path: Path):
    shown = keep(report(), tmp_path)
    assert shown.read_text().startswith("<!doctype html>")
    assert read(shown.with_suffix(".json")) == report()


def test_the_picture_is_a_document_of_its_own_too(tmp_path: Path):
    drawn = keep(report(), tmp_path).with_suffix(".svg").read_text()
    ElementTree.fromstring(drawn)
    assert drawn.startswith("<svg ")
    assert "svg text" in drawn


def test_a_file_that_is_no_report_says_what_is_wrong_with_it(tmp_path: Path):
    (tmp_path / "other.json").write_text('{"name": "x"}')
    with pytest.raises(ValueError, match="is no report of a drill"):
        read(tmp_path / "other.json")


def test_the_terminal_shows_verdict_figures_and_each_invariant():
    shown = printed(report())
    assert "HELD" in shown
    assert re.search(r"decisions stood for\s+20\.00 s", shown)
    assert re.search(r"picture stood for, london\s+1\.00 s", shown)
    assert re.search(r"I2\s+holds\s+nothing acknowledged is lost\s+40 checked", shown)
    assert "seed 1" in shown


def test_the_terminal_says_what_speaks_against_a_drill():
    shown = printed(broken()) + shown_as(summary([report(), broken()]))
    assert "FAILED" in shown
    assert "is neither a row nor counted" in shown
    assert re.search(r"5\s+region-lost\s+held", shown)
    assert re.search(r"5\s+region-lost\s+failed", shown)
    assert "region-lost: I2: fix of tracker 9001" in shown


def test_the_summary_is_whole_in_a_narrow_terminal_too():
    long = report().model_copy(update={"name": "one-way-primary-standby"})
    shown = shown_as(summary([long, long]), width=80)
    assert len(re.findall(r"5\s+one-way-primary-standby\s+held", shown)) == 2


def test_a_command_to_copy_is_not_folded_in_a_narrow_terminal():
    command = "to mend it: ardoise sites part restore amsterdam etcd-amsterdam nats-server patroni-amsterdam"
    assert command in printed(report().model_copy(update={"reasons": [command]}), width=40)


def test_the_list_says_of_each_drill_what_has_to_hold_its_runbooks_and_how_long_it_took(tmp_path: Path):
    keep(report(), tmp_path)
    shown = shown_as(listing(tmp_path))
    for scenario in SCENARIOS.values():
        assert scenario.name in shown
        assert scenario.title in shown
        assert not scenario.runbooks or f"follows docs/runbooks: {', '.join(scenario.runbooks)}" in shown
    assert re.search(
        r"5 +region-lost [^1]*the picture goes on: standby, truck; [^1]*took 40 s last time", shown
    )
    assert shown.count("last time") == 1
    assert "I2 nothing lost" in shown


def test_the_page_shows_each_command_of_a_runbook_and_what_it_printed():
    done = Followed(
        31.0, "region-lost", "Look", "ardoise sites status", 0, "london <primary>", ("Protected",)
    )
    shown = page(report().model_copy(update={"followed": [done]}))
    assert "<code>ardoise sites status</code>" in shown
    assert "london &lt;primary&gt;" in shown
    assert "not seen: Protected" in shown


def test_what_was_never_measured_is_unknown_and_not_zero():
    nothing = report().model_copy(
        update={"figures": report().figures.model_copy(update={"writes_interrupted_s": None})}
    )
    assert re.search(r"decisions stood for\s+unknown", printed(nothing))


def test_the_page_needs_nothing_from_elsewhere():
    shown = page(report())
    assert not re.search(r"""(src|href)=|url\(|@import|<script""", shown)
    assert "ardoise drill run region-lost --seed 1" in shown


def test_the_page_shows_what_it_was_told_as_text():
    told = report().model_copy(update={"reasons": ["<script>x</script>"], "verdict": Verdict.FAILED})
    assert "<script>" not in page(told)


def test_the_picture_is_well_formed_and_shows_fault_roles_and_watermark():
    drawn = ElementTree.fromstring(picture(report()))
    texts = [element.text for element in drawn.iter() if element.tag.endswith("text")]
    assert "amsterdam: kill everything" in texts
    assert {"database, amsterdam", "database, london", "screen, truck", "watermark"} <= set(texts)
    titles = [element.text for element in drawn.iter() if element.tag.endswith("title")]
    assert "primary on 2, 29.2 to 39.2 s" in titles
    assert "reconnecting, 10.2 to 34.2 s" in titles


def test_the_picture_of_a_drill_that_saw_nothing_is_still_a_picture():
    seen = history()
    for name in ("acknowledged", "screens", "database", "decisions", "positions", "events"):
        getattr(seen, name).clear()
    ElementTree.fromstring(picture(report(seen, evidence(history()))))
