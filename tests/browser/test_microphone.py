"""The microphone: tried before, changed meanwhile, muted by keys, and clear words when it fails."""

import asyncio
import shutil
from pathlib import Path

from playwright.async_api import Locator, expect

from tests.browser.conftest import BringIn
from tests.browser.firefox import firefox
from tests.browser.person import Person, until
from tests.browser.service import Service

_SENT = "window.peer.getSenders()[0].track"
_SENT_FROM = f"{_SENT}.getSettings().deviceId"

# What the browser answers instead of giving out a microphone.
_REFUSE = (
    "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{}')); null"
)

# What the page listens with, for the system to suspend it.
_SHOW_CONTEXTS = """
window.contexts = [];
window.AudioContext = class extends AudioContext {
    constructor(...options) {
        super(...options);
        window.contexts.push(this);
    }
};
"""

# What a page without encryption gets.
_NO_MICROPHONES = """
Object.defineProperty(navigator, "mediaDevices", {get: () => undefined});
"""

WORDS = {
    "NotAllowedError": "The browser may not use your microphone",
    "NotFoundError": "No microphone was found",
    "NotReadableError": "Another app is using your microphone",
    "SecurityError": "only on a secure page",
    "TypeError": "could not be opened",
}


def hint(person: Person) -> Locator:
    return person.page.locator("[data-hint]")


async def on_stage(bring_in: BringIn, tone: Path) -> tuple[Person, str]:
    """A host who is live and talks."""
    host = await bring_in("host", microphone=tone)
    space = await host.start_a_space("Microphones")
    await host.join(space)
    await host.open_microphone()
    return host, space


async def test_it_is_tried_before_going_on_stage(bring_in: BringIn, tone_a: Path) -> None:
    host = await bring_in("host", microphone=tone_a)
    guest = await bring_in()
    space = await host.start_a_space("Trying")
    await guest.join(space)
    await host.join(space)
    await host.press("settings")
    await host.press("microphone-check")

    async def is_loud() -> bool:
        level = await host.page.locator("[data-microphone-level]").evaluate(
            "(meter) => meter.value"
        )
        return float(level) > 0.5

    await until(is_loud, lambda: "the meter moves")
    await host.press("microphone-hear")
    await expect(host.page.get_by_text("This is how you sound")).to_be_visible()
    await expect(host.page.get_by_text("Hear yourself")).to_be_visible()
    await guest.hears()
    await host.page.keyboard.press("Escape")
    await expect(host.page.locator('[data-sheet="microphone"]')).to_be_hidden()
    assert host.errors == []


async def test_another_device_is_chosen_while_one_talks(bring_in: BringIn, tone_a: Path) -> None:
    host, space = await on_stage(bring_in, tone_a)
    guest = await bring_in()
    await guest.join(space)
    await guest.hears("A")
    before = await host.page.evaluate(_SENT_FROM)
    await host.press("settings")
    await host.press("microphone-check")
    choice = host.page.locator("[data-microphone-device]")
    await expect(choice).to_be_enabled()
    ids = await choice.locator("option").evaluate_all("(all) => all.map((each) => each.value)")
    other = next(each for each in ids if each != before)
    await choice.select_option(other)

    async def is_changed() -> bool:
        return bool(await host.page.evaluate(_SENT_FROM) == other)

    await until(is_changed, lambda: f"{other} is sent")
    await guest.hears("A")


async def test_a_device_that_goes_away_gives_way_to_another(
    bring_in: BringIn, tone_a: Path
) -> None:
    host, space = await on_stage(bring_in, tone_a)
    guest = await bring_in()
    await guest.join(space)
    await guest.hears("A")
    await host.page.evaluate(f"{{ const lost = {_SENT}; lost.stop(); lost.onended(); }}")
    await expect(host.page.get_by_text("Your microphone went away")).to_be_visible()
    await guest.hears("A")
    await host.page.evaluate(_REFUSE.format("NotFoundError"))
    await host.page.evaluate(f"{{ const lost = {_SENT}; lost.stop(); lost.onended(); }}")
    await expect(host.page.get_by_text("No microphone was found")).to_be_visible()
    await host.sees("Marco Bianchi", role="host", muted="true")


async def test_a_switch_on_the_device_is_noticed(bring_in: BringIn, tone_a: Path) -> None:
    host, _ = await on_stage(bring_in, tone_a)
    await host.page.evaluate(f"{_SENT}.dispatchEvent(new Event('mute'))")
    await expect(hint(host)).to_contain_text("keeps the microphone silent")
    await host.page.evaluate(f"{_SENT}.dispatchEvent(new Event('unmute'))")
    await expect(hint(host)).to_be_empty()


async def test_who_talks_while_muted_is_told(bring_in: BringIn, tone_a: Path) -> None:
    host, _ = await on_stage(bring_in, tone_a)
    await expect(hint(host)).to_be_empty()
    await host.page.keyboard.press("m")
    await expect(hint(host)).to_have_text("You are talking, and you are muted.")
    await host.page.keyboard.press("m")
    await expect(hint(host)).to_be_empty()


async def test_that_is_told_also_after_a_call_suspended_what_listens(
    bring_in: BringIn, tone_a: Path
) -> None:
    host = await bring_in("host", microphone=tone_a)
    await host.page.add_init_script(_SHOW_CONTEXTS)
    await host.join(await host.start_a_space("After a call"))
    await host.open_microphone()
    await host.page.keyboard.press("m")

    async def listens() -> bool:
        return bool(await host.page.evaluate("window.contexts.at(-1)?.state") == "running")

    await until(listens, lambda: "the page listens")
    await host.page.evaluate("window.contexts.at(-1).suspend()")
    await until(listens, lambda: "the page listens again")
    await expect(hint(host)).to_have_text("You are talking, and you are muted.")


async def test_one_talks_for_as_long_as_the_space_bar_is_held(
    bring_in: BringIn, tone_a: Path
) -> None:
    host, space = await on_stage(bring_in, tone_a)
    guest = await bring_in()
    await guest.join(space)
    await host.page.keyboard.press("m")
    await guest.hears()
    for focus in ("#room-title", '[data-action="mic"]'):
        await host.page.locator(focus).focus()
        await host.page.keyboard.down(" ")
        await guest.hears("A")
        await host.page.keyboard.up(" ")
        await guest.hears()
        await host.sees("Marco Bianchi", role="host", muted="true")


async def test_the_keys_are_listed_and_can_be_switched_off(bring_in: BringIn, tone_a: Path) -> None:
    host, _ = await on_stage(bring_in, tone_a)
    await host.page.keyboard.press("?")
    sheet = host.page.locator('[data-sheet="shortcuts"]')
    await expect(sheet).to_contain_text("Hold it to talk while you are muted")
    await sheet.locator("[data-shortcuts]").uncheck()
    await host.page.keyboard.press("Escape")
    await host.page.keyboard.press("m")
    await host.page.keyboard.press("?")
    await expect(sheet).to_be_hidden()
    await host.sees("Marco Bianchi", role="host", muted="false")


async def test_every_refusal_has_words(bring_in: BringIn) -> None:
    host = await bring_in("host")
    space = await host.start_a_space("Refusals")
    await host.join(space)
    await host.press("settings")
    for name, words in WORDS.items():
        await host.page.evaluate(_REFUSE.format(name))
        await host.press("microphone-check")
        await expect(host.page.locator("[data-microphone-trouble]")).to_contain_text(words)
        await host.page.keyboard.press("Escape")
    await host.page.add_init_script(_NO_MICROPHONES)
    await host.page.reload()
    await host.press("settings")
    await host.press("microphone-check")
    trouble = host.page.locator("[data-microphone-trouble]")
    await expect(trouble).to_contain_text(WORDS["SecurityError"])
    assert host.errors == []


async def test_firefox_that_denies_the_microphone_is_explained(
    service: Service, bring_in: BringIn, tmp_path: Path
) -> None:
    host = await bring_in("host")
    space = await host.start_a_space("Denied")
    program = next(path for name in ("firefox-esr", "firefox") if (path := shutil.which(name)))
    denied = {"media.navigator.permission.disabled": False, "permissions.default.microphone": 2}

    def try_it() -> str:
        with firefox(tmp_path, program, denied) as fox:
            fox.open(space)
            fox.press("settings")
            fox.press("microphone-check")
            return fox.text_of("[data-microphone-trouble]")

    assert WORDS["NotAllowedError"] in await asyncio.to_thread(try_it)
