"""A race that was cut off and comes back: every screen says how old it is, and when it will be up to date."""

import asyncio
import itertools
import re
import time

import pytest
from ardoise.pb import setup_pb2
from playwright.async_api import expect

from tests.browser import race_day
from tests.browser.conftest import DESKTOP, PHONE, WALL, Opener
from tests.browser.stand import Stand
from tests.browser.test_sizes_and_themes import CONTRASTS, CUT, OVERLAPS, SMALL_PHONE, TABLET, keep_picture

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND = 9_000
EPOCH = race_day.EPOCH + 1
WORDS = {
    "en-GB": ("No link to the truck", "Catching up", r"up to date in about (1.min|\d\d.s)", "Live"),
    "fr-FR": (
        "Pas de liaison avec le camion",
        "Retour au direct",
        r"à jour dans environ (1.min|\d\d.s)",
        "Direct",
    ),
}


class Returning:
    """A race by the wall clock that was cut off, and from `comes` on has ten of its seconds in one of ours."""

    def __init__(self, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stand, self._now_ms = stand, time.time_ns() // 1_000_000
        # Once, by what a test's end undoes: the stand may go on showing a little longer.
        monkeypatch.setattr("ardoise.mediawall.wall.now_ms", lambda: self._now_ms)
        setup = race_day.stage()
        setup.clock_source = setup_pb2.CLOCK_SOURCE_WALL
        stand.load(setup, epoch=EPOCH)

    def show(self, age_s: float, in_s: float = 0.0) -> None:
        """A second that is `age_s` old at a moment `in_s` from now, by the wall's clock."""
        now_ms = time.time_ns() // 1_000_000
        snapshot = race_day.snapshot(SECOND, epoch=EPOCH)
        moved_ms = now_ms - round((age_s - in_s) * 1000) - snapshot.race_time_ms
        snapshot.race_time_ms += moved_ms
        for rider in snapshot.riders:
            if rider.HasField("fix_time_ms"):
                rider.fix_time_ms += moved_ms
        self._now_ms = now_ms + round(in_s * 1000)
        self._stand.wall.show_snapshot(snapshot)

    def comes(self) -> asyncio.Task[None]:
        """As it has for four seconds, and goes on until the task is cancelled."""
        for back_s in range(4, 0, -1):
            self.show(550 + 9 * back_s, in_s=-back_s)
        ages_s = itertools.count(550, -4.5)
        return self._stand.keep(lambda: self.show(next(ages_s)), every_s=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    ("size", "query"),
    [
        pytest.param(SMALL_PHONE, "", id="small_phone"),
        pytest.param(PHONE, "", id="phone"),
        pytest.param(TABLET, "", id="tablet"),
        pytest.param(DESKTOP, "", id="desktop"),
        pytest.param(WALL, "?screen=wall", id="wall"),
    ],
)
async def test_a_screen_says_how_old_it_is_and_when_it_will_be_up_to_date(
    stand: Stand,
    open_page: Opener,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    size: tuple[int, int],
    query: str,
    language: str,
    theme: str,
):
    no_truck, catching_up, when, live = WORDS[language]
    race = Returning(stand, monkeypatch)
    race.show(570, in_s=-20)  # as it was cut off
    page = await open_page(size, query, locale=language, color_scheme=theme)
    await expect(page.locator("#link-text")).to_have_text(no_truck)
    await expect(page.locator("#up-to-date")).to_be_empty()
    coming = race.comes()
    await expect(page.locator("#link-text")).to_have_text(catching_up)
    await expect(page.locator("#up-to-date")).to_have_text(re.compile(when))
    await expect(page.locator("#age")).to_have_text(re.compile(r"\d.min"))
    await expect(page.locator("#link")).to_have_attribute("data-level", "coming")
    await keep_picture(page, f"catching-up-{request.node.callspec.id}")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(OVERLAPS) == []
    assert await page.evaluate(CUT) == []
    assert await page.evaluate(CONTRASTS) == []
    coming.cancel()
    stand.keep(lambda: race.show(0.3))
    await expect(page.locator("#link-text")).to_have_text(live)
    await expect(page.locator("#up-to-date")).to_be_empty()


async def test_a_race_that_stops_coming_is_cut_off_again(
    stand: Stand, open_page: Opener, monkeypatch: pytest.MonkeyPatch
):
    race = Returning(stand, monkeypatch)
    coming = race.comes()
    page = await open_page()
    await expect(page.locator("#link-text")).to_have_text("Catching up")
    coming.cancel()
    await expect(page.locator("#link-text")).to_have_text("No link to the truck")
    await expect(page.locator("#up-to-date")).to_be_empty()


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (-400, "in a few seconds"),
        (9_900, "in a few seconds"),
        (10_000, "in about 10 s"),
        (36_200, "in about 40 s"),
        (55_000, "in about 55 s"),
        (55_100, "in about 1 min"),
        (96_000, "in about 2 min"),
        (1_700_000, "in about 28 min"),
    ],
)
async def test_an_estimate_is_told_as_precisely_as_it_is(open_page: Opener, ms: int, words: str):
    page = await open_page()
    said = await page.evaluate(
        "async ms => (await import('/static/format.js')).roughly(ms)",
        ms,
    )
    assert said.replace("\u00a0", " ") == words
