"""What is written on the map can be read: no road and no line runs through it."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Opener

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAWN = """async ({places, groups}) => {
    const [{ RouteMap }, { Road }, { strikes }] = await Promise.all(
        ["map", "road", "placing"].map((name) => import(`/static/${name}.js`)));
    const distance_m = places.map((_, i) => i * 1_000);
    const stage = {
        features: [], longitude_scale: 1, finish_m: distance_m.at(-1), profile: { distance_m: [], elevation_m: [] },
        road: { distance_m, longitude: places.map(([x]) => x), latitude: places.map(([, y]) => y) },
    };
    const ink = document.createElement("canvas").getContext("2d");
    const sheet = { ink, width: 600, height: 500, rem: 19, wall: true, colour: () => "#fff" };
    const map = new RouteMap();
    map.setStage(stage, new Road(stage));
    map.drawStill(sheet);
    map.groups = groups;
    map.drawMoving(sheet);
    const road = map.px.slice(1).map((x, i) => [{ x: map.px[i], y: map.py[i] }, { x, y: map.py[i + 1] }]);
    const leaders = map.tags.map((tag) => tag.leader);
    return {
        labels: map.labels.map((label) => road.filter((stretch) => strikes(stretch, label)).length),
        tags: map.tags.map((tag) => leaders.filter((leader) => leader !== tag.leader && strikes(leader, tag)).length),
    };
}"""


async def drawn(
    page: Page, places: list[tuple[float, float]], groups: list[dict[str, Any]]
) -> dict[str, Any]:
    return await page.evaluate(DRAWN, {"places": places, "groups": groups})


@pytest.mark.parametrize("mirrored", [1, -1], ids=["westward", "eastward"])
@pytest.mark.parametrize("rise", [0.6, -0.6])
async def test_no_road_runs_through_the_names_of_start_and_finish(
    open_page: Opener, mirrored: int, rise: float
):
    # As into Foix: the finish at the edge of the sheet, the road to it past where its name would stand.
    places = [(10, 6), (10, 0), (4, 0), (2, rise), (0.7, rise), (0.4, rise / 2), (0, 0)]
    found = await drawn(await open_page(), [(mirrored * x, y) for x, y in places], [])
    assert found["labels"] == [0, 0]


async def test_no_line_to_one_group_runs_through_the_tag_of_another(open_page: Opener):
    # As on the last climb of a stage: a road of north and south, every group within a few kilometres.
    places = [(0, 3), (3, 3), (5, 4), (6, 2), (6, 0), (7, -1), (9, 0), (9, 2)]
    riding = [
        ("head", 7, 3_500),
        ("chase", 4, 3_420),
        ("chase", 1, 3_390),
        ("peloton", 146, 3_300),
        ("dropped", 4, 3_240),
        ("dropped", 8, 3_200),
    ]
    groups = [
        {"id": at_m, "role": role, "size": size, "gapMs": 90_000, "frontM": at_m, "backM": at_m - 50}
        for role, size, at_m in riding
    ]
    found = await drawn(await open_page(), places, groups)
    assert len(found["tags"]) >= 4
    assert set(found["tags"]) == {0}
