"""The operators' page in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from ardoise.chassis.identity import Role
from ardoise.chassis.rpc import Failure, Reason
from ardoise.mediawall.access import Access
from ardoise.mediawall.alerts import Alerts
from ardoise.mediawall.operators import operators_app
from ardoise.mediawall.web import Port
from ardoise.pb import security_pb2
from playwright.async_api import expect

from tests.browser import race_day
from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.stand import Stand
from tests.browser.test_sizes_and_themes import CONTRASTS, OVERLAPS

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Desk:
    """An operators' page beside the stand; security is not there, so acknowledging fails as it would then."""

    def __init__(self, stand: Stand, directory: Path) -> None:
        self.alerts = Alerts(None)
        access = Access(directory)
        self._tokens = access.directory
        self._stopping = asyncio.Event()
        app = operators_app(stand.wall, self.alerts, access, self._stopping)
        self._port = Port("127.0.0.1:0", app, None, "OPERATORS_LISTEN")
        self._serving = asyncio.create_task(self._port.serve())
        self.url = f"http://127.0.0.1:{self._port.number}"

    def sign_in(self, role: Role, name: str = "marie.dupont") -> str:
        return f"sign-in?token={(self._tokens / role).read_text()}" + (name and f"&name={name}")

    async def stop(self) -> None:
        self._stopping.set()
        await self._port.drain()
        await self._serving


@pytest_asyncio.fixture(loop_scope="session")
async def desk(stand: Stand, tmp_path: Path) -> AsyncIterator[Desk]:
    """An operators' page with two alerts."""
    desk = Desk(stand, tmp_path)
    desk.alerts.show(race_day.alert(1))
    desk.alerts.show(race_day.alert(2, acknowledged_by="security"))
    yield desk
    await desk.stop()


async def test_security_sees_what_is_wrong_and_what_to_do(stand: Stand, desk: Desk, open_page: Opener):
    stand.wall.show_link("security", "connected")
    page = await open_page(DESKTOP, desk.sign_in(Role.SECURITY), url=desk.url)
    first = page.locator(".alert").first
    await expect(first).to_contain_text("moto-6 sends frames that do not parse")
    await expect(first).to_contain_text("Cut the relay moto-6 off")
    await first.locator("summary").click()
    await expect(first).to_contain_text("512 malformed frames in 10 s")
    await expect(page.locator("#services")).to_contain_text("Security")
    await expect(page.locator("#role")).to_have_text("Signed in as marie.dupont, security")
    assert page.url == f"{desk.url}/", "the token stays out of the address"
    assert "ardoise_operator" not in await page.evaluate("document.cookie")


async def test_who_follows_the_link_is_asked_for_a_name_that_can_be_kept(desk: Desk, open_page: Opener):
    page = await open_page(PHONE, desk.sign_in(Role.SECURITY, name=""), url=desk.url)
    name = page.get_by_label("Who are you?")
    await name.fill("Marie Dupont")
    await name.press("Enter")
    assert await name.evaluate("field => field.validity.patternMismatch")
    assert await page.evaluate(CONTRASTS) == []
    await name.fill("marie.dupont")
    await name.press("Enter")
    await expect(page.locator("#role")).to_have_text("Signed in as marie.dupont, security")
    assert page.url == f"{desk.url}/", "the token stays out of the address"


async def test_a_note_half_written_outlives_an_alert_that_grows(desk: Desk, open_page: Opener):
    page = await open_page(DESKTOP, desk.sign_in(Role.SECURITY), url=desk.url)
    note = page.locator(".alert input")
    await note.fill("talking to the pilot")
    grown = race_day.alert(1)
    grown.count = 9_999
    desk.alerts.show(grown)
    await expect(page.locator(".alert").first).to_contain_text("seen 9999 times")
    await expect(note).to_have_value("talking to the pilot")


async def test_an_acknowledgement_that_is_not_kept_is_told_and_can_be_sent_again(
    desk: Desk, open_page: Opener
):
    page = await open_page(DESKTOP, desk.sign_in(Role.SECURITY), url=desk.url)
    await page.locator(".alert form button").click()
    await expect(page.locator(".alert-failed")).to_contain_text("no security service is set up here")
    desk.alerts.show(race_day.alert(1, acknowledged_by="security"))
    await expect(page.locator(".alert form")).to_have_count(0)
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the browser's own: status 502


async def test_operators_see_where_decisions_are_kept_and_what_has_left(desk: Desk, open_page: Opener):
    desk.alerts.kept_at = "one_region"
    desk.alerts.show_sent([race_day.sent(security_pb2.OUTBOX_STATE_FAILED, "answered 503")])
    page = await open_page(DESKTOP, desk.sign_in(Role.SECURITY), url=desk.url)
    await expect(page.locator("#kept-at")).to_have_text("Decisions are kept on one region only.")
    await expect(page.locator(".sent-entry")).to_contain_text("failed, not sent again · answered 503")
    desk.alerts.kept_at = "both_regions"
    desk.alerts.show_sent([race_day.sent(security_pb2.OUTBOX_STATE_DELIVERED, "answered 204")])
    await expect(page.locator("#kept-at")).to_have_text("Decisions are kept in both regions.")
    await expect(page.locator(".sent-entry")).to_contain_text("delivered")


async def test_a_decision_in_doubt_is_told_as_such_and_sent_again_under_the_same_key(
    desk: Desk, open_page: Opener
):
    asked = []

    async def in_doubt(request_id: str, **_: str) -> str:
        asked.append(request_id)
        raise Failure(Reason.ERROR_REASON_DECISION_IN_DOUBT, "in doubt")

    desk.alerts.acknowledge = in_doubt
    page = await open_page(DESKTOP, desk.sign_in(Role.SECURITY), url=desk.url)
    for _ in range(2):
        async with page.expect_response("**/api/acknowledge"):
            await page.locator(".alert form button").click()
    await expect(page.locator(".alert-failed")).to_contain_text("In doubt: it may hold or not.")
    assert len(asked) == 2
    assert asked[0] == asked[1]
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the browser's own: status 502


async def test_race_operations_reads_and_does_not_acknowledge(desk: Desk, open_page: Opener):
    page = await open_page(DESKTOP, desk.sign_in(Role.RACE_OPERATIONS), url=desk.url)
    await expect(page.locator(".alert").first).to_contain_text("Only role security may acknowledge")
    await expect(page.locator(".alert form")).to_have_count(0)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_it_fits_and_can_be_read(
    stand: Stand, desk: Desk, open_page: Opener, size: tuple[int, int], theme: str
):
    stand.wall.show_link("security", "reconnecting", "UNAVAILABLE")
    stand.wall.screens.connect("192.0.2.77:51234")
    desk.alerts.kept_at = "one_region"
    desk.alerts.show_sent([race_day.sent(security_pb2.OUTBOX_STATE_IN_DOUBT, "no answer: ReadTimeout")])
    page = await open_page(
        size, desk.sign_in(Role.SECURITY), url=desk.url, color_scheme=theme, locale="fr-FR"
    )
    await expect(page.locator("#screens tr")).to_have_count(1)
    await expect(page.locator("h1")).to_have_text("Opérations")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(OVERLAPS) == []
    assert await page.evaluate(CONTRASTS) == []
