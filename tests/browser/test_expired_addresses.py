"""The address of a sound is good for minutes: who comes later gets a new one, and hears on.

What the storage's address would answer is told at the page's own here, which leads there.
"""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.a_past import let_things_happen
from tests.browser.conftest import BringIn
from tests.browser.person import Person
from tests.browser.service import Service

FIRST_PART = 0.8
"""Which part of the sound comes before the address expires."""

# Where the sound began to be heard, each time it did.
_NOTE = """
window.heardFrom = [];
document.addEventListener("playing", ({target}) => {
    const heard = () => window.heardFrom.push([target.currentTime, target.playbackRate]);
    target.addEventListener("timeupdate", heard, {once: true});
}, true);
"""


@pytest.fixture(scope="module")
def past(as_it_comes: Service) -> dict[str, str]:
    return let_things_happen(as_it_comes)


class Expiring:
    """Gives the beginning of the sound; what is after it not, once; then everything."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._has_expired = False
        self.expires = asyncio.Event()
        """Set it to let the address expire."""
        self.was_renewed = asyncio.Event()

    async def answer(self, route: Route) -> None:
        part = self._content[: int(FIRST_PART * len(self._content))]
        if self._has_expired:
            self.was_renewed.set()
            await route.continue_()
        elif route.request.headers.get("range", "bytes=0-") == "bytes=0-":
            held = f"bytes 0-{len(part) - 1}/{len(self._content)}"
            headers = {"Content-Range": held, "Content-Type": "audio/mp4", "Accept-Ranges": "bytes"}
            await route.fulfill(status=206, headers=headers, body=part)
        else:
            await self.expires.wait()
            self._has_expired = True
            await route.fulfill(status=404)


async def expiring(person: Person, past: dict[str, str]) -> Expiring:
    """From now on the first address that the person is given expires in the middle."""
    address = f"/spaces/{past['replayed']}/replay.m4a"
    sound = Expiring(await (await person.page.request.get(address)).body())
    await person.page.context.add_init_script(_NOTE)
    await person.page.route(re.compile(re.escape(address)), sound.answer)
    return sound


async def test_a_replay_goes_on_where_it_was_and_as_fast(
    bring_in: BringIn, past: dict[str, str]
) -> None:
    guest = await bring_in()
    sound = await expiring(guest, past)
    await guest.page.goto(f"/spaces/{past['replayed']}/")
    await guest.page.get_by_label("Speed").select_option("1.5")
    await guest.page.get_by_role("button", name="Play", exact=True).click()
    await guest.plays_beyond(1)
    sound.expires.set()
    await guest.plays_beyond(5.5)
    assert sound.was_renewed.is_set()
    *_, (second, speed) = await guest.page.evaluate("window.heardFrom")
    assert second > 1
    assert speed == 1.5


async def test_so_does_a_clip(bring_in: BringIn, past: dict[str, str]) -> None:
    guest = await bring_in()
    sound = await expiring(guest, past)
    await guest.page.goto(f"/clips/{past['clip']}/")
    await guest.page.evaluate("document.querySelector('audio').play()")
    await guest.plays_beyond(1.2)
    sound.expires.set()
    await guest.plays_beyond(3.6)
    assert sound.was_renewed.is_set()


async def test_what_is_gone_for_good_is_told_and_not_asked_for_again_and_again(
    bring_in: BringIn, past: dict[str, str]
) -> None:
    guest = await bring_in()
    sound = await expiring(guest, past)
    await guest.page.goto(f"/spaces/{past['replayed']}/")
    await guest.page.get_by_role("button", name="Play", exact=True).click()
    await guest.plays_beyond(1)
    asked: list[str] = []

    async def gone(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=404)

    everything = re.compile(r"/replay\.(m4a|ogg)")
    await guest.page.route(everything, gone)
    sound.expires.set()
    await expect(guest.page.get_by_text("The sound cannot be fetched.")).to_be_visible()
    assert sorted(url.rpartition(".")[2] for url in asked) == ["m4a", "ogg"]

    await guest.page.unroute(everything, gone)  # it was a cloud
    await guest.page.get_by_role("button", name="Play", exact=True).click()
    await guest.plays_beyond(2)
