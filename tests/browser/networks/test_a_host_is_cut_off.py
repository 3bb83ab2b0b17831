"""The network of a host goes away, without a goodbye: the Space goes on, and ends well."""

from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import BringIn, chromium
from tests.browser.networks.elsewhere import Elsewhere
from tests.browser.test_a_live_space import HOST, SPEAKER, download, tones_by_second

LISTENER = "Tom Becker"


async def test_a_cohost_carries_on_until_nobody_is_left_and_the_recording_is_whole(
    bring_in: BringIn, elsewhere: Elsewhere, tone_a: Path, tone_b: Path, tmp_path: Path
) -> None:
    host = await bring_in("host", microphone=tone_a, executable=elsewhere.program(chromium()))
    cohost = await bring_in("speaker", microphone=tone_b)
    listener = await bring_in("listener")
    space = await host.start_a_space("Together")
    for person in (host, cohost, listener):
        await person.join(space)
    await host.act_on(SPEAKER, "invite-cohost")
    await cohost.press("accept-invitation")
    await listener.sees(SPEAKER, role="cohost")
    await host.open_microphone()
    await cohost.open_microphone()
    await listener.hears("A", "B")

    elsewhere.lose("wifi")
    elsewhere.lose("mobile")
    await listener.hears("B")
    await host.is_connected("reconnecting")
    away = listener.page.locator(f'[data-name="{HOST}"][data-role="host"][data-connected="false"]')
    # After 30 s without a sign of life a connection is taken for lost.
    await expect(away).to_be_visible()
    countdown = listener.page.locator("[data-countdown]")
    await expect(countdown).to_be_hidden()
    await listener.press("hand-raise")
    await cohost.press("hands")
    await cohost.press("hand-accept")
    await cohost.page.keyboard.press("Escape")
    await listener.sees(LISTENER, role="speaker")
    await expect(cohost.page.locator('[data-action="end"]')).to_be_hidden()

    await cohost.press("leave")
    await expect(countdown).to_contain_text("The Space ends in 0:")
    await expect(listener.page.locator("main")).to_contain_text("ended")
    at_home = await bring_in("host")
    await at_home.page.goto(space)
    mix = tones_by_second(await download(at_home, tmp_path))
    assert mix.index({"A", "B"}) < mix.index({"B"})
    assert (cohost.errors, listener.errors) == ([], [])
