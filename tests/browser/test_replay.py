"""The page of an ended Space: its host shares it, others hear it again and cut a clip out of it."""

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.browser.axe import faults
from tests.browser.conftest import BringIn
from tests.browser.firefox import FirefoxPerson
from tests.browser.person import Person, until

CLIP = Path(__file__).parents[1] / "data" / "en_demo-abouttotry.wav"


async def has_received(person: Person, packets: int) -> bool:
    """Whether so many packets arrived, of 60 ms each."""
    count = await person.page.evaluate(
        """async () => [...(await window.peer.getStats()).values()].find(
            ({ type }) => type === "inbound-rtp")?.packetsReceived ?? 0"""
    )
    return int(count) > packets


async def finds_nothing(person: Person) -> None:
    """axe has nothing to say about the page."""
    width = (person.page.viewport_size or {"width": 1280})["width"]
    assert await faults(person.page, looks=[("light", width), ("dark", width)]) == []


async def a_recorded_space(host: Person, guest: Person) -> str:
    """Some seconds of speech, ended; on the page of the host when the recording is ready."""
    space = await host.start_a_space("What we heard")
    await host.join(space)
    await guest.join(space)
    await host.open_microphone()
    await guest.hears_something()
    await until(lambda: has_received(guest, 130), lambda: "some seconds of sound arrive")
    await host.press("end")
    await host.press("confirm")
    await expect(host.page.locator("space-replay [data-part=play]")).to_be_visible()
    return space


async def test_a_host_shares_the_replay_and_others_hear_it(
    bring_in: BringIn, fox: FirefoxPerson
) -> None:
    host = await bring_in("host", microphone=CLIP)
    guest = await bring_in(width=360)
    listener = await bring_in("listener")
    space = await a_recorded_space(host, guest)
    await guest.page.goto(space)
    await expect(guest.page.locator("space-replay")).to_have_count(0)

    await host.page.get_by_role("button", name="Let everybody hear the replay").click()
    await expect(host.page.get_by_text("Everybody can hear the replay now.")).to_be_visible()

    await guest.page.goto(space)
    await guest.page.get_by_role("button", name="Play", exact=True).click()
    await guest.plays_beyond(1)
    await expect(guest.page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await finds_nothing(guest)
    await guest.page.get_by_label("Speed").select_option("2")
    await guest.page.get_by_label("Where you are").focus()
    before = await guest.position()
    await guest.page.keyboard.press("ArrowRight")
    await guest.plays_beyond(before + 0.9)
    assert await guest.page.evaluate("document.documentElement.scrollWidth") <= 360

    await listener.page.goto(f"{space}?t=2")
    await expect(listener.page.locator("[data-part=time]")).to_contain_text("0:02")
    await listener.page.get_by_role("button", name="Make a clip").click()
    await listener.page.get_by_label("Title of the clip").fill("Listen to this")
    await listener.page.get_by_label("Seconds", exact=True).fill("2")
    await listener.page.get_by_role("button", name="Make the clip").click()
    await expect(listener.page.get_by_role("heading", name="Listen to this")).to_be_visible()
    await finds_nothing(listener)

    await guest.page.goto(listener.page.url)
    await guest.page.evaluate("document.querySelector('audio').play()")
    await guest.plays_beyond(2)

    async def stopped() -> bool:
        return bool(await guest.page.evaluate("document.querySelector('audio').paused"))

    await until(stopped, lambda: "the clip stops at its end")
    assert await guest.position() < 4.5
    for person in (host, guest, listener):
        assert person.errors == []

    await asyncio.to_thread(fox.open, space)
    await asyncio.to_thread(fox.could_play_the_replay)


async def test_the_host_trims_and_deletes_it_and_takes_the_data_along(
    bring_in: BringIn, tmp_path: Path
) -> None:
    host = await bring_in("host", microphone=CLIP)
    guest = await bring_in()
    space = await a_recorded_space(host, guest)
    await host.page.get_by_role("button", name="Download everything").click()
    ready = host.page.get_by_role("link", name="Download everything")
    await expect(ready).to_be_visible()
    async with host.page.expect_download() as started:
        await ready.click()
    await (await started.value).save_as(tmp_path / "all.zip")
    assert (tmp_path / "all.zip").stat().st_size > 10_000

    await host.page.get_by_text("Trim the beginning and the end").click()
    await host.page.get_by_label("Begin at").fill("0:02")
    await host.page.get_by_label("End at").fill("0:05")
    await host.page.get_by_role("button", name="Trim the replay").click()
    length = host.page.locator("[data-part=time]")
    await expect(length).to_contain_text("/ 0:03")
    await host.page.get_by_role("button", name="Play", exact=True).click()
    await host.plays_beyond(1)

    await host.page.get_by_text("Delete the replay").click()
    await host.page.get_by_role("button", name="Delete it for good").click()
    await expect(host.page.get_by_text("The replay is deleted.")).to_be_visible()
    await expect(host.page.get_by_text("A copy for reviews is kept until")).to_be_visible()
    await expect(host.page.locator("audio")).to_have_count(0)
    await guest.page.goto(space)
    await expect(guest.page.locator("[data-recording]")).to_be_visible()
    await expect(guest.page.locator("audio")).to_have_count(0)
    assert host.errors == []
