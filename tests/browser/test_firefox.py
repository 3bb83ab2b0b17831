"""People with Firefox and people with Chromium in one Space."""

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import BringIn
from tests.browser.firefox import FirefoxPerson
from tests.browser.service import Service
from tests.browser.test_a_live_space import HOST, SPEAKER, download, tones_by_second


async def test_a_guest_with_firefox_hears_the_host(
    bring_in: BringIn, fox: FirefoxPerson, tone_b: Path
) -> None:
    host = await bring_in("host", microphone=tone_b)
    space = await host.start_a_space("Firefox listens")
    await host.join(space)
    await asyncio.to_thread(fox.join, space)
    await asyncio.to_thread(fox.hears_silence)
    await host.open_microphone()
    await asyncio.to_thread(fox.hears_sound)


async def test_a_speaker_with_firefox_is_heard_and_recorded(
    bring_in: BringIn, fox: FirefoxPerson, service: Service, tone_b: Path, tmp_path: Path
) -> None:
    host = await bring_in("host", microphone=tone_b)
    guest = await bring_in()
    space = await host.start_a_space("Firefox speaks")
    await host.join(space)
    await guest.join(space)
    await host.open_microphone()
    await asyncio.to_thread(fox.log_in, service.url, "speaker")
    await asyncio.to_thread(fox.join, space)
    await asyncio.to_thread(fox.press, "hand-raise")
    await host.press("hands")
    await host.press("hand-accept")
    await host.page.keyboard.press("Escape")
    await asyncio.to_thread(fox.open_microphone)
    await guest.hears("A", "B")
    await host.hears("A")
    await asyncio.to_thread(fox.hears_sound)
    await host.sees(SPEAKER, role="speaker", muted="false", speaking="true")
    await host.press("end")
    await host.press("confirm")
    await expect(guest.page.locator("main")).to_contain_text("ended")
    assert {"A", "B"} in tones_by_second(await download(host, tmp_path))
    assert {"A"} in tones_by_second(await download(host, tmp_path, SPEAKER))
    assert {"B"} in tones_by_second(await download(host, tmp_path, HOST))


async def test_somebody_with_firefox_comes_up_is_muted_steps_down_and_leaves(
    bring_in: BringIn, fox: FirefoxPerson, service: Service
) -> None:
    host = await bring_in("host")
    space = await host.start_a_space("Firefox comes and goes")
    await host.join(space)
    await asyncio.to_thread(fox.log_in, service.url, "speaker")
    await asyncio.to_thread(fox.join, space)
    await host.act_on(SPEAKER, "invite")
    await asyncio.to_thread(fox.press, "decline-invitation")
    news = host.page.get_by_role("status").get_by_text(f"{SPEAKER} stays in the audience for now.")
    await expect(news).to_be_visible()
    await host.act_on(SPEAKER, "invite")
    await asyncio.to_thread(fox.press, "accept-invitation")
    await asyncio.to_thread(fox.open_microphone)
    await host.sees(SPEAKER, role="speaker", muted="false")
    await host.act_on(SPEAKER, "mute")
    await asyncio.to_thread(fox.can_read, "The host muted you.")
    await asyncio.to_thread(fox.press, "step-down")
    await host.sees(SPEAKER, role="listener")
    await asyncio.to_thread(fox.press, "leave")
    await expect(host.page.locator(f'[data-name="{SPEAKER}"]')).to_have_count(0)
