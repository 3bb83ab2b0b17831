"""The Join button works before the rest of the page is there."""

import asyncio

from playwright.async_api import Route

from tests.browser.conftest import BringIn


async def test_a_tap_before_the_rest_of_the_page_is_there_is_carried_out_later(
    bring_in: BringIn,
) -> None:
    host = await bring_in("host")
    listener = await bring_in("listener")
    space = await host.start_a_space("Slowly")
    await host.join(space)
    has_tapped = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await has_tapped.wait()
        await route.continue_()

    await listener.page.route("**/js/room/connection.js", hold_back)
    await listener.page.goto(space, wait_until="commit")
    await listener.press("join")
    await listener.is_connected("joining")
    has_tapped.set()
    await listener.is_connected("live")
