"""The race page in a real browser: what people see, how soon, and what they see when things break."""

import itertools

import pytest
from ardoise.mediawall import wall
from ardoise.pb import common_pb2, race_pb2, setup_pb2
from playwright.async_api import expect

from tests.browser import race_day
from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.stand import Stand

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_race_is_on_the_page(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    assert await page.locator("#rows .row").count() == 176
    assert await page.locator("#groups .group").count() == 5


async def test_a_new_state_comes_into_the_document_by_itself(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    stand.show(9_400)
    await expect(page.locator("#hero")).to_have_text("2:39")


@pytest.mark.parametrize(
    ("closing_mps", "words"),
    [
        (0.83, "Peloton closing at 3.0 km/h"),
        (-0.83, "Break pulling away at 3.0 km/h"),
        (-0.01, "Break and peloton at the same speed"),
    ],
)
async def test_who_is_faster_is_said_where_somebody_is(
    stand: Stand, open_page: Opener, closing_mps: float, words: str
):
    predicted = race_day.predictions(9_000)
    predicted.catches[0].reasons[0].value = closing_mps
    stand.wall.show_predictions(predicted)
    stand.show(9_000, predictions=False)
    page = await open_page()
    await expect(page.locator("#prediction .reasons li").first).to_have_text(words)


async def test_before_the_race_the_page_says_when_it_starts(stand: Stand, open_page: Opener):
    stand.show(-754)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("12:34")
    await expect(page.locator("#race-state")).to_have_text("The race has not started")
    await expect(page.locator("#stage-name")).to_contain_text("Alpe du Grand Vent")
    await expect(page.locator("#board-title")).to_have_text("Riders")
    assert await page.locator("#rows .row").count() == 176
    assert await page.locator("#rows").get_by_text("not heard yet").count() == 0


async def test_without_a_stage_the_page_says_so_and_begins_by_itself(open_page: Opener):
    empty = Stand()
    empty.start()
    try:
        page = await open_page(url=empty.url)
        await expect(page.locator("#hero-caption")).to_have_text("No stage is on yet")
        empty.load()
        empty.show(9_000)
        await expect(page.locator("#hero")).to_have_text("2:17")
        # Before its server: a page that looks for it in vain complains.
        await page.close()
    finally:
        await empty.stop()


async def test_a_field_that_rides_together_shows_the_way_that_is_left(stand: Stand, open_page: Opener):
    snapshot = race_day.snapshot(9_000)
    del snapshot.groups[3:]
    del snapshot.groups[:2]
    snapshot.groups[0].gap_ms = 0
    stand.wall.show_snapshot(snapshot)
    page = await open_page()
    await expect(page.locator("#hero-caption")).to_have_text("All together")
    await expect(page.locator("#hero")).to_have_text("50.1 km")
    await expect(page.locator(".group-gap")).to_have_text("leads")
    await expect(page.locator("#to-go")).to_be_hidden()


async def test_the_first_home_takes_the_place_of_the_gap_and_wins_when_race_control_ends_the_race(
    stand: Stand, open_page: Opener
):
    snapshot = stand.show(13_800)
    page = await open_page()
    await expect(page.locator("#hero-caption")).to_have_text("First over the line, provisional")
    snapshot.race_state = common_pb2.RACE_STATE_FINISHED
    stand.wall.show_snapshot(snapshot)
    await expect(page.locator("#hero-caption")).to_have_text("Winner of the stage")
    rows = page.locator("#rows .row")
    await expect(page.locator("#hero")).to_have_text(await rows.first.locator(".row-name").inner_text())
    assert await rows.first.get_attribute("data-status") == "finished"


async def test_once_there_is_a_winner_nobody_on_the_road_leads(stand: Stand, open_page: Opener):
    snapshot = race_day.snapshot(13_800)
    while snapshot.groups[0].distance_cm >= race_day.LENGTH_M * 100:
        del snapshot.groups[0]
    snapshot.groups[0].role = race_pb2.GROUP_ROLE_HEAD
    snapshot.groups[0].gap_ms = 893_594
    stand.wall.show_snapshot(snapshot)
    page = await open_page()
    await expect(page.locator("#hero-caption")).to_have_text("First over the line, provisional")
    await expect(page.locator(".group-gap").first).to_have_text("+14:53")


@pytest.mark.parametrize(
    ("bib", "words", "reason"),
    [
        (race_day.NO_SIGNAL, "no signal", "Last heard 83"),
        (race_day.OFF_ROUTE, "off the route", "not on the road of the race"),
        (race_day.ABANDONED, "abandoned", "Has left the race"),
        (race_day.UNHEARD, "not heard yet", "No position"),
    ],
)
async def test_who_does_not_race_is_shown_as_that_with_the_reason(
    stand: Stand, open_page: Opener, bib: int, words: str, reason: str
):
    stand.show(9_000)
    page = await open_page()
    row = page.locator(f'.row[data-bib="{bib}"]')
    await expect(row.locator(".row-gap")).to_have_text(words)
    await row.click()
    await expect(page.locator("#detail")).to_contain_text(reason)


async def test_what_is_wrong_with_a_rider_is_said_where_the_rider_is_read(stand: Stand, open_page: Opener):
    snapshot = race_day.snapshot(9_000)
    next(rider for rider in snapshot.riders if rider.bib == 61).trouble = race_pb2.RIDER_TROUBLE_DRIVEN
    stand.wall.show_snapshot(snapshot)
    page = await open_page()
    await page.locator('.row[data-bib="61"]').click()
    await expect(page.locator("#detail")).to_contain_text("in a vehicle, not in the race")


async def test_the_age_of_the_data_is_always_there_and_loud_when_it_is_old(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    race = stand.run(9_001)
    await expect(page.locator("#link")).to_have_attribute("data-level", "quiet")
    await expect(page.locator("#age")).to_contain_text("s old")
    race.cancel()
    await expect(page.locator("#link")).to_have_attribute("data-level", "late")
    stand.show(9_002, feed_age_ms=95_000)
    await expect(page.locator("#age")).to_contain_text("9")
    await expect(page.locator("#link-text")).to_have_text("Data late")


async def test_a_link_that_is_lost_behind_the_wall_is_named(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    stand.run(9_001)
    await expect(page.locator("#link-text")).to_have_text("Live")
    stand.wall.show_link("positioning", "reconnecting")
    stand.wall.show_link("analytics", "reconnecting")
    await expect(page.locator("#link-text")).to_have_text("No link to the race")
    await expect(page.locator("#prediction")).to_contain_text("No link to the predictions")


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (setup_pb2.CLOCK_SOURCE_WALL, "No link to the truck"),
        (setup_pb2.CLOCK_SOURCE_FEED, "Nothing new from the feed"),
    ],
)
async def test_a_race_that_stands_still_says_whose_news_is_missing(
    stand: Stand, open_page: Opener, monkeypatch: pytest.MonkeyPatch, clock: int, words: str
):
    now_ms = wall.now_ms
    monkeypatch.setattr(wall, "now_ms", lambda: now_ms() - 12_000)
    setup = race_day.stage()
    setup.clock_source = clock
    stand.load(setup)
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#link-text")).to_have_text(words)


async def test_the_page_comes_back_by_itself_after_the_server_went_away(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    await stand.stop()
    await expect(page.locator("#link-text")).to_have_text("Reconnecting")
    await expect(page.locator("#hero")).to_have_text("2:17")
    assert "lost" in await page.locator("#announcer").inner_text()
    stand.start()
    stand.run(9_400)  # a page that has not looked again for two seconds must not find the race old
    await expect(page.locator("#hero")).not_to_have_text("2:17")
    await expect(page.locator("#link-text")).to_have_text("Live")
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the browser's own: connection refused


async def test_no_request_leaves_the_origin(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    await expect(page.locator("#hero")).to_have_text("2:17")
    assert len(asked) > 10
    assert [url for url in asked if not url.startswith((stand.url, "data:"))] == []


async def test_a_second_of_the_race_writes_only_what_changed(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    counts = await page.evaluate(
        """() => { window.made = 0; new MutationObserver(list => { for (const change of list)
        for (const node of change.addedNodes) if (node.nodeType === 1) window.made += 1; })
        .observe(document.getElementById("rows"), {childList: true, subtree: true});
        return 0; }"""
    )
    assert counts == 0
    for second in range(9_001, 9_011):
        stand.show(second)
        await expect(page.locator("#race-time")).to_contain_text(f":{second % 60:02d}")
    assert await page.evaluate("window.made") == 0


async def test_riders_move_along_the_road_between_updates(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    stand.run(9_001)
    seen = await page.evaluate(
        """async () => {
            const canvas = document.querySelectorAll("#profile canvas")[1], seen = new Set();
            const ink = canvas.getContext("2d");
            const until = performance.now() + 2500;
            while (performance.now() < until) {
                await new Promise(requestAnimationFrame);
                const pixels = ink.getImageData(0, 0, canvas.width, canvas.height).data;
                let sum = 0;
                for (let i = 3; i < pixels.length; i += 4) sum = (sum * 31 + pixels[i]) | 0;
                seen.add(sum);
            }
            return seen.size;
        }"""
    )
    assert seen >= 2


async def test_motion_never_jumps_and_never_leaves_what_is_known(open_page: Opener):
    page = await open_page()
    steps = await page.evaluate(
        """async () => {
            const { Motion } = await import("/static/motion.js");
            const motion = new Motion(), shown = [];
            const known = (second) => {
                const distanceM = 1000 + 11 * second + (second % 2 ? 14 : -14);
                return new Map([["front 1", { distanceM, speedMps: 11 }]]);
            };
            for (let ms = 0; ms <= 12000; ms += 16) {
                if (ms % 1008 === 0 && ms < 6000) motion.update(known(ms / 1008), 1, ms);
                motion.step(ms);
                shown.push(motion.shown("front 1"));
            }
            return shown;
        }"""
    )
    by_frame = [after - before for before, after in itertools.pairwise(steps)]
    assert min(by_frame) >= 0, "rode backwards"
    assert max(by_frame) < 1.5, "jumped"
    assert steps[-1] - steps[-200] < 0.1, "rode on without news"
    assert abs(steps[300] - (1000 + 11 * 300 * 16 / 1000)) < 30


async def test_who_asked_for_less_motion_sees_none_between_updates(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page(reduced_motion="reduce")
    await expect(page.locator("#hero")).to_have_text("2:17")
    still = await page.evaluate(
        """async () => {
            const { Motion } = await import("/static/motion.js");
            const motion = new Motion();
            motion.update(new Map([["front 1", {distanceM: 500, speedMps: 11}]]), 1, 0);
            for (let ms = 0; ms < 2000; ms += 16) motion.step(ms);
            return motion.shown("front 1");
        }"""
    )
    assert still == 500


async def test_a_rider_is_found_and_read_with_the_keyboard_alone(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await expect(page.locator("#hero")).to_have_text("2:17")
    await page.locator("#theme-switch").focus()
    for _ in range(5 + 1):  # five groups, then the leaderboard: one stop, not 176
        await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#detail h2")).to_contain_text("61")
    await expect(page.locator("#detail")).to_contain_text("leader of the mountains classification")
    await expect(page.locator("#detail")).to_contain_text("±\u00a00.6\u00a0s")
    stand.show(9_001)
    await expect(page.locator('.row[data-bib="61"]')).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#detail")).to_be_hidden()


async def test_a_group_is_read_by_choosing_it_in_the_list_or_on_the_road(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page()
    await page.locator('.group[data-role="peloton"]').click()
    await expect(page.locator("#detail h2")).to_have_text("Peloton")
    await expect(page.locator("#detail")).to_contain_text("139 riders")
    await page.keyboard.press("Escape")
    box = await page.locator("#profile").bounding_box()
    assert box
    hit = False
    for x in range(int(box["x"]), int(box["x"] + box["width"]), 12):
        await page.mouse.click(x, box["y"] + 14)
        if await page.locator("#detail").is_visible():
            hit = True
            break
    assert hit


async def test_language_and_theme_are_switched_and_remembered(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page(PHONE, locale="en-GB", color_scheme="dark")
    await expect(page.locator("#board-title")).to_have_text("Leaderboard")
    await page.locator("#language-switch").click()
    await page.locator("#theme-switch").click()
    await page.reload()
    await expect(page.locator("#board-title")).to_have_text("Classement en course")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await expect(page.locator("html")).to_have_attribute("lang", "fr")


async def test_the_next_stage_replaces_the_one_before(stand: Stand, open_page: Opener):
    stand.show(9_000)
    page = await open_page(DESKTOP)
    await expect(page.locator("#hero")).to_have_text("2:17")
    setup = race_day.stage()
    setup.stage_name = "Étape 8 : demain"
    stand.load(setup, epoch=race_day.EPOCH + 1)
    stand.show(-754, epoch=race_day.EPOCH + 1)
    await expect(page.locator("#stage-name")).to_have_text("Étape 8 : demain")
    await expect(page.locator("#hero")).to_have_text("12:34")
    assert await page.locator("#groups .group").count() == 0
