"""One person with the same Space open twice."""

from dataclasses import replace

from playwright.async_api import expect

from tests.browser.conftest import BringIn
from tests.browser.person import Person


async def another_tab(person: Person) -> Person:
    """The same person with a new tab of the same browser."""
    return replace(person, page=await person.page.context.new_page())


async def test_the_newer_tab_takes_over_after_asking(bring_in: BringIn) -> None:
    host = await bring_in("host")
    space = await host.start_a_space("Two tabs")
    listener = await bring_in("listener")
    await listener.join(space)
    await listener.press("hand-raise")
    newer = await another_tab(listener)
    await newer.page.goto(space)

    await newer.press("join")
    await expect(newer.page.get_by_text("You are already here")).to_be_visible()
    await newer.page.keyboard.press("Escape")
    await newer.is_connected("idle")
    await listener.is_connected("live")

    await newer.press("join")
    await newer.press("confirm")
    await newer.is_connected("live")
    await expect(newer.page.locator('[data-action="hand-lower"]:visible')).to_be_visible()
    await expect(listener.page.get_by_text("You opened this Space somewhere else")).to_be_visible()

    await listener.press("take-over")
    await listener.is_connected("live")
    await newer.is_connected("closed")
