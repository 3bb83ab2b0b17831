"""People with Firefox and people with Chromium in one Space."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import BringIn
from tests.browser.firefox import FirefoxPerson, firefox, firefox_program
from tests.browser.service import Service
from tests.browser.test_a_live_space import HOST, SPEAKER, download, tones_by_second


@pytest.fixture
def fox(tmp_path: Path) -> Iterator[FirefoxPerson]:
    """Somebody with Firefox."""
    with firefox(tmp_path, firefox_program()) as person:
        yield person


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
