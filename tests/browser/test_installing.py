"""A phone keeps Spaces like an app, which says plainly when there is no network."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import BringIn

HEADINGS = {"en": "You are offline", "it": "Non c'è rete"}


async def worker_is_ready(page: Page) -> None:
    """Wait until the service worker stands in for this page."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => {})")


@pytest.mark.parametrize("language", ["en", "it"])
async def test_chromium_offers_to_install_it(bring_in: BringIn, language: str) -> None:
    guest = await bring_in(locale=language)
    await guest.page.goto("/")
    await worker_is_ready(guest.page)
    browser = await guest.page.context.new_cdp_session(guest.page)
    manifest = await browser.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert f"manifest/{language}.webmanifest" in manifest["url"]
    answer = await browser.send("Page.getInstallabilityErrors")
    # Tests browse in private windows, from which nothing can be installed.
    found = {error["errorId"] for error in answer["installabilityErrors"]} - {"in-incognito"}
    assert found == set()


@pytest.mark.parametrize("language", ["en", "it"])
async def test_without_network_a_page_of_ours_appears_and_goes_on_by_itself(
    bring_in: BringIn, language: str
) -> None:
    guest = await bring_in(locale=language)
    await guest.page.goto("/")
    await worker_is_ready(guest.page)
    await guest.page.context.set_offline(True)
    await guest.page.goto("/beta/")
    await expect(guest.page.locator("h1")).to_have_text(HEADINGS[language])
    styled = "getComputedStyle(document.querySelector('.button')).borderRadius"
    assert await guest.page.evaluate(styled) == "999px"
    await guest.page.context.set_offline(False)
    await expect(guest.page.locator("[name=why]")).to_be_visible()


async def test_nothing_of_anybody_is_kept_for_later(bring_in: BringIn) -> None:
    host = await bring_in("host")
    await worker_is_ready(host.page)
    for path in ("/", "/settings/profile/", "/@host/", "/spaces/new/"):
        await host.page.goto(path)
    kept = await host.page.evaluate(
        """async () => {
            const paths = [];
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const { url } of await cache.keys()) paths.push(new URL(url).pathname);
            }
            return paths;
        }"""
    )
    pages = [path for path in kept if not path.startswith(("/static/", "/styles/"))]
    assert pages == ["/offline/en/"]
    page = await host.page.evaluate("caches.match('/offline/en/').then((kept) => kept.text())")
    assert "Marco Bianchi" not in page
