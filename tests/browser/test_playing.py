"""What arrives is played; where a browser or a call prevents it, the page says so and mends it."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import BringIn
from tests.browser.firefox import FirefoxPerson, firefox
from tests.browser.person import Person
from tests.browser.test_a_live_space import SPEAKER, bring_on_stage

_PAUSE = "document.querySelector('[data-sound]').pause()"

# While a phone is in a call, browsers pause what plays and refuse to go on.
_CALLS = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
    if (!window.isInCall) return play.call(this);
    return Promise.reject(new DOMException("in a call", window.refusal));
};
"""


@pytest.fixture
def wary_fox(tmp_path: Path) -> Iterator[FirefoxPerson]:
    """Somebody whose Firefox plays nothing before a tap."""
    program = next(path for name in ("firefox-esr", "firefox") if (path := shutil.which(name)))
    with firefox(tmp_path, program, {"media.autoplay.default": 1}) as person:
        yield person


async def a_talk(bring_in: BringIn, tone: Path) -> tuple[str, Person]:
    """A Space in which the host talks."""
    host = await bring_in("host", microphone=tone)
    space = await host.start_a_space("Playing")
    await host.join(space)
    await host.open_microphone()
    return space, host


@pytest.mark.parametrize("refusal", ["AbortError", "NotAllowedError"])
async def test_after_a_call_the_sound_comes_back_by_itself(
    bring_in: BringIn, tone_a: Path, refusal: str
) -> None:
    space, _ = await a_talk(bring_in, tone_a)
    guest = await bring_in()
    await guest.page.add_init_script(_CALLS)
    await guest.join(space)
    await guest.hears("A")
    await guest.page.evaluate(f"window.refusal = '{refusal}'; window.isInCall = true; {_PAUSE}")
    await guest.is_connected("reconnecting")
    await expect(guest.page.locator('[data-action="listen"]')).to_be_visible()
    await guest.page.evaluate("window.isInCall = false")
    await guest.is_connected("live")
    await guest.hears("A")
    await expect(guest.page.locator('[data-action="listen"]')).to_be_hidden()


async def test_a_browser_that_wants_a_tap_gets_a_large_button(
    bring_in: BringIn, wary_fox: FirefoxPerson, tone_a: Path
) -> None:
    space, _ = await a_talk(bring_in, tone_a)
    await asyncio.to_thread(wary_fox.open, space)
    # A click of a script is no tap.
    await asyncio.to_thread(wary_fox.run, "document.querySelector('[data-action=join]').click()")
    await asyncio.to_thread(wary_fox.hears_sound)
    await asyncio.to_thread(wary_fox.is_connected, "joining")
    await asyncio.to_thread(wary_fox.press, "listen")
    await asyncio.to_thread(wary_fox.is_connected, "live")
    assert await asyncio.to_thread(wary_fox.run, "return !document.querySelector('audio').paused")


@asynccontextmanager
async def asleep(person: Person) -> AsyncIterator[None]:
    """The whole browser stands still, as on a phone in a pocket."""
    session = await person.browser.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    for process in processes:
        os.kill(process["id"], signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process["id"], signal.SIGCONT)


async def test_a_speaker_whose_device_slept_is_back_as_they_were(
    bring_in: BringIn, tone_a: Path, tone_b: Path
) -> None:
    space, host = await a_talk(bring_in, tone_a)
    speaker = await bring_in("speaker", microphone=tone_b, alone=True)
    await speaker.join(space)
    await bring_on_stage(speaker, host)
    await host.hears("B")
    async with asleep(speaker):
        tile = host.page.locator(f'[data-name="{SPEAKER}"][data-connected="false"]')
        await expect(tile).to_be_visible()
    await speaker.is_connected("live")
    await speaker.hears("A")
    await host.hears("B")
    await host.sees(SPEAKER, role="speaker", muted="false", connected="true")
