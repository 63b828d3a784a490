"""One Chromium for the browser tests, and a page with a race on it for each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.browser.stand import Stand

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESKTOP, WALL, GREAT_WALL = (390, 844), (1440, 900), (1920, 1080), (3840, 2160)

# Bounds waiting alone: how fast a page is, tests/bench measures.
expect.set_options(timeout=30_000)

Opener = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stand() -> AsyncIterator[Stand]:
    """A public page with a stage on it and no race yet."""
    stand = Stand()
    stand.load()
    stand.start()
    yield stand
    await stand.stop()


def complains(said: ConsoleMessage) -> bool:
    """Errors and warnings; that reading a canvas back is slow is known to the tests that do it."""
    return said.type in ("error", "warning") and not said.text.startswith("Canvas2D")


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, stand: Stand) -> AsyncIterator[Opener]:
    """Opens the stand's page: open_page(size, query, **context). A page that complained fails its test."""
    contexts = []
    complaints: list[str] = []

    async def opened(size: tuple[int, int] = DESKTOP, query: str = "", *, url: str = "", **more: Any) -> Page:
        context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, **more)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("console", lambda said: complaints.append(said.text) if complains(said) else None)
        await page.goto(f"{url or stand.url}/{query}")
        return page

    opened.complaints = complaints  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        await context.close()
    assert complaints == []
