"""The weather on the race page: small and calm, and with its age once it is old."""

import pytest
from playwright.async_api import expect

from tests.browser import race_day
from tests.browser.conftest import DESKTOP, Opener
from tests.browser.stand import Stand
from tests.browser.test_sizes_and_themes import CONTRASTS, CUT, OVERLAPS, SIZES, keep_picture

pytestmark = pytest.mark.asyncio(loop_scope="session")


def show(stand: Stand, age_min: float, **values: int) -> None:
    """The race at 9 000 seconds, with weather reported so many minutes before."""
    snapshot = race_day.snapshot(9_000)
    snapshot.weather.CopyFrom(race_day.weather(age_min, **values))
    stand.wall.show_snapshot(snapshot)


async def test_temperature_and_wind_stand_beside_the_race(stand: Stand, open_page: Opener):
    show(stand, 5)
    page = await open_page()
    await expect(page.locator("#temperature")).to_have_text("21\u00a0°C")
    await expect(page.locator("#wind-speed")).to_have_text("18\u00a0km/h")
    await expect(page.locator("#weather-age")).to_have_text("")
    arrow = page.locator("#wind-arrow")
    await expect(arrow).to_have_attribute("aria-label", "wind from 270°")
    assert await arrow.evaluate("e => getComputedStyle(e).rotate") == "450deg", "flies to the east"


async def test_without_weather_nothing_is_said_of_it(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    await expect(page.locator("#weather")).to_be_hidden()
    show(stand, 5)
    await expect(page.locator("#weather")).to_be_visible()


@pytest.mark.parametrize(
    ("values", "shown", "hidden"),
    [
        ({"temperature_c_e2": -40}, {"temperature": "0\u00a0°C"}, ["wind"]),
        ({"wind_mmps": 5_100}, {"wind-speed": "18\u00a0km/h"}, ["temperature", "wind-arrow"]),
        ({"wind_mmps": 0, "wind_from_deg": 0}, {"wind-speed": "0\u00a0km/h"}, ["wind-arrow"]),
        ({"pressure_pa": 98_000}, {}, ["weather"]),
    ],
)
async def test_what_is_not_known_is_left_out(
    stand: Stand, open_page: Opener, values: dict[str, int], shown: dict[str, str], hidden: list[str]
):
    show(stand, 5, **values)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    for identity, text in shown.items():
        await expect(page.locator(f"#{identity}")).to_have_text(text)
    for identity in hidden:
        await expect(page.locator(f"#{identity}")).to_be_hidden()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-GB", "weather 45\u00a0min old"), ("fr-FR", "météo\u00a0: il y a 45\u00a0min")],
)
async def test_weather_that_is_old_says_so(stand: Stand, open_page: Opener, language: str, words: str):
    show(stand, 45)
    page = await open_page(locale=language)
    await expect(page.locator("#weather-age")).to_have_text(words)
    show(stand, 10)
    await expect(page.locator("#weather-age")).to_have_text("")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize(("size", "query"), SIZES)
async def test_old_weather_has_room_in_every_size(
    stand: Stand,
    open_page: Opener,
    request: pytest.FixtureRequest,
    size: tuple[int, int],
    query: str,
    language: str,
):
    show(stand, 45)
    page = await open_page(size, query, locale=language)
    await expect(page.locator("#weather-age")).to_be_visible()
    await keep_picture(page, f"weather-{request.node.callspec.id}")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(OVERLAPS) == []
    assert await page.evaluate(CUT) == []
    if query or size == DESKTOP:
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_old_weather_stands_out_from_its_ground(stand: Stand, open_page: Opener, theme: str):
    show(stand, 45)
    page = await open_page(query=f"?theme={theme}")
    await expect(page.locator("#weather-age")).to_be_visible()
    assert await page.evaluate(CONTRASTS) == []
