"""Every size, theme and language: nothing runs out of the page, nothing lies on anything, everything can be read."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser import race_day
from tests.browser.conftest import DESKTOP, GREAT_WALL, PHONE, WALL, Opener
from tests.browser.stand import Stand

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLET, SMALL_PHONE = (1024, 768), (320, 640)
SIZES = [
    pytest.param(SMALL_PHONE, "", id="small_phone"),
    pytest.param(PHONE, "", id="phone"),
    pytest.param(TABLET, "", id="tablet"),
    pytest.param(DESKTOP, "", id="desktop"),
    pytest.param(WALL, "?screen=wall", id="wall"),
    pytest.param(GREAT_WALL, "?screen=wall", id="great_wall"),
]

OVERLAPS = """() => {
    // Leaves of the page that show words, two of which must never lie on each other.
    const says = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    const leaves = [...document.querySelectorAll("body *")].filter(e =>
        !e.closest(".hidden, canvas, [hidden]") && says(e) && getComputedStyle(e).visibility !== "hidden");
    const seen = leaves.map(e => {
        const range = document.createRange();
        range.selectNodeContents(e);
        let {left, right, top, bottom} = range.getBoundingClientRect();
        for (let p = e; p; p = p.parentElement) {
            const style = getComputedStyle(p), edge = p.getBoundingClientRect();
            if (p === e && style.display !== "inline") {  // tight lines: figures have no descenders
                top = Math.max(top, edge.top);
                bottom = Math.min(bottom, edge.bottom);
            }
            if (style.overflowX === "visible" && style.overflowY === "visible") continue;
            left = Math.max(left, edge.left);
            right = Math.min(right, edge.right);
            top = Math.max(top, edge.top);
            bottom = Math.min(bottom, edge.bottom);
        }
        return {e, left, right, top, bottom};
    }).filter(b => b.right - b.left > 1 && b.bottom - b.top > 1);
    const found = [];
    seen.forEach((a, i) => seen.slice(i + 1).forEach(b => {
        if (a.e.contains(b.e) || b.e.contains(a.e)) return;
        if (a.e.closest(".bar") !== b.e.closest(".bar")) return;  // the bar stays above what scrolls
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        const least = Math.min(a.bottom - a.top, b.bottom - b.top);
        if (wide > 1 && high > least * 0.3) found.push(`${a.e.textContent} | ${b.e.textContent}`);
    }));
    return found;
}"""

CUT = """() => [...document.querySelectorAll("#hero, #hero-caption, .group-gap, .group-count, .group-name, " +
        ".hero-facts dd, .chance-figure, .row-gap, #age, #race-state")]
    .filter(e => !e.closest("[hidden]") && e.offsetParent && getComputedStyle(e).display !== "inline")
    .filter(e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1)
    .map(e => `${e.className || e.id}: ${e.textContent}`)"""

CONTRASTS = """() => {
    const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
    const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = c => c.slice(0, 3).reduce((sum, v, i) => sum + linear(v / 255) * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = e => {
        for (let p = e; p; p = p.parentElement) {
            const c = parse(getComputedStyle(p).backgroundColor);
            if (c.length === 3 || c[3] > 0.99) return c;
        }
        return [255, 255, 255];
    };
    const says = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    return [...document.querySelectorAll("body *")].filter(e => !e.closest(".hidden, [hidden], canvas") && says(e))
        .map(e => {
            const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            return {ratio, words: e.textContent.trim().slice(0, 40), css: e.className};
        }).filter(one => one.ratio < 4.5);
}"""

CANVAS_PAIRS = [
    # Foreground, ground, least ratio: words 4.5, shapes that mean something 3 (WCAG 2.2, 1.4.3 and 1.4.11).
    ("dust", "ground", 4.5),
    ("chalk", "panel", 4.5),
    ("ground", "chalk", 4.5),
    ("on-accent", "accent", 4.5),
    ("chalk", "raised", 4.5),
    ("ground", "hill-edge", 4.5),
    ("chalk", "ground", 4.5),
    ("head-edge", "ground", 3.0),
    ("hill-edge", "ground", 3.0),
    ("road-ahead", "ground", 3.0),
]


async def keep_picture(page: Page, name: str) -> None:
    """With ARDOISE_TEST_PICTURES=<directory> the pages are kept there, for eyes."""
    if directory := os.environ.get("ARDOISE_TEST_PICTURES"):
        Path(directory).mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=Path(directory) / f"{name}.png")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize(("size", "query"), SIZES)
async def test_nothing_overlaps_and_nothing_scrolls_sideways(
    stand: Stand,
    open_page: Opener,
    request: pytest.FixtureRequest,
    size: tuple[int, int],
    query: str,
    language: str,
):
    for second in range(8_940, 9_001, 20):
        stand.show(second)
    page = await open_page(size, query, locale=language)
    await expect(page.locator("#hero")).to_have_text("2:17")
    for second in range(9_001, 9_070, 17):
        stand.show(second)
        await expect(page.locator("#race-time")).to_contain_text(f":{second % 60:02d}")
    await keep_picture(page, request.node.callspec.id)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(OVERLAPS) == []
    assert await page.evaluate(CUT) == []
    if query or size == DESKTOP:
        last = "document.querySelector('#groups li:last-child').getBoundingClientRect().bottom"
        assert await page.evaluate(
            f"{last} <= document.querySelector('.slate').getBoundingClientRect().bottom"
        )
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_every_word_stands_out_from_its_ground(stand: Stand, open_page: Opener, theme: str):
    stand.show(9_000)
    page = await open_page(DESKTOP, color_scheme=theme)
    await page.locator('.row[data-bib="61"]').click()
    await expect(page.locator("html")).to_have_attribute("data-theme", theme)
    assert await page.evaluate(CONTRASTS) == []
    stand.wall.show_link("positioning", "reconnecting")
    await expect(page.locator("#link")).to_have_attribute("data-level", "trouble")
    assert await page.evaluate(CONTRASTS) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_what_is_drawn_stands_out_from_its_ground(stand: Stand, open_page: Opener, theme: str):
    stand.show(9_000)
    page = await open_page(DESKTOP, f"?theme={theme}")
    colours = await page.evaluate(
        "names => Object.fromEntries(names.map(n => [n, getComputedStyle(document.documentElement)"
        ".getPropertyValue('--' + n).trim()]))",
        sorted({name for pair in CANVAS_PAIRS for name in pair[:2]}),
    )
    weak = {
        (front, back): round(contrast(colours[front], colours[back]), 2)
        for front, back, least in CANVAS_PAIRS
        if contrast(colours[front], colours[back]) < least
    }
    assert weak == {}


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two "#rrggbb"."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("size", "query"), SIZES)
async def test_a_gap_of_an_hour_fits_its_slate(
    stand: Stand, open_page: Opener, size: tuple[int, int], query: str
):
    snapshot = race_day.snapshot(9_000)
    snapshot.groups[2].gap_ms = 3_723_000
    stand.wall.show_snapshot(snapshot)
    page = await open_page(size, query)
    await expect(page.locator("#hero")).to_have_text("1:02:03")
    assert await page.evaluate(CUT) == []
    assert await page.evaluate(OVERLAPS) == []
    fits = "() => { const e = document.getElementById('hero'), r = document.createRange(); r.selectNodeContents(e);"
    fits += "return r.getBoundingClientRect().right <= e.closest('.slate').getBoundingClientRect().right; }"
    assert await page.evaluate(fits)


async def test_a_race_in_many_pieces_still_fits_a_wall(stand: Stand, open_page: Opener):
    snapshot = race_day.snapshot(9_000)
    for number in range(9):
        group = snapshot.groups.add()
        group.CopyFrom(snapshot.groups[3])
        group.group_id, group.number = 50 + number, 2 + number
        group.gap_ms += 20_000 * number
        group.distance_cm -= 22_000 * (number + 1)
    stand.wall.show_snapshot(snapshot)
    page = await open_page(WALL, "?screen=wall")
    await expect(page.locator("#groups .group")).to_have_count(4)
    await expect(page.locator("#groups-more")).to_have_text("and 10 more groups")
    assert await page.evaluate(OVERLAPS) == []
    cut = "() => { const e = document.getElementById('groups'); return e.scrollHeight > e.clientHeight + 1; }"
    assert not await page.evaluate(cut)


async def test_the_gap_can_be_read_from_five_metres(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page(WALL, "?screen=wall")
    await expect(page.locator("#hero")).to_have_text("2:17")
    figure_px = await page.evaluate(
        """() => { const style = getComputedStyle(document.getElementById("hero"));
        const ink = document.createElement("canvas").getContext("2d");
        ink.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        return ink.measureText("2").actualBoundingBoxAscent; }"""
    )
    # A screen of 55 inches is 685 mm high. Signs are read at 200 times the height of their letters, at ease at 100.
    assert figure_px / WALL[1] * 685 >= 5_000 / 100
