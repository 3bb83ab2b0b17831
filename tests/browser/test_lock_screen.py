"""What a phone shows and does while the Space is in a pocket."""

from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import BringIn
from tests.browser.person import Person, until

# The buttons of the lock screen, for the tests to press.
_BUTTONS = """
window.buttons = {};
const set = MediaSession.prototype.setActionHandler;
MediaSession.prototype.setActionHandler = function (name, act) {
    set.call(this, name, act);
    window.buttons[name] = act;
};
"""

_NOTE_WAKE_LOCKS = """
window.asked = [];
window.locks = [];
const request = WakeLock.prototype.request;
WakeLock.prototype.request = async function (kind) {
    window.asked.push(kind);
    const lock = await request.call(this, kind);
    window.locks.push(lock);
    return lock;
};
"""


async def shown(person: Person) -> list[str]:
    found = await person.page.evaluate(
        "(({title, artist, artwork}) => [title, artist, artwork[0].src])"
        "(navigator.mediaSession.metadata)"
    )
    return list(found)


async def state(person: Person) -> str:
    return str(await person.page.evaluate("navigator.mediaSession.playbackState"))


async def holds(person: Person, condition: str) -> None:
    """Wait until this is so in the page."""

    async def is_so() -> bool:
        return bool(await person.page.evaluate(condition))

    await until(is_so, lambda: condition)


async def test_the_lock_screen_names_the_space_and_pauses_and_leaves_it(
    bring_in: BringIn, tone_a: Path
) -> None:
    host = await bring_in("host", microphone=tone_a)
    space = await host.start_a_space("On the lock screen")
    await host.join(space)
    await host.open_microphone()
    guest = await bring_in()
    await guest.page.add_init_script(_BUTTONS)
    await guest.join(space)
    await guest.hears("A")
    title, name, picture = await shown(guest)
    assert (title, name) == ("On the lock screen", "Marco Bianchi")
    answer = await guest.page.request.get(picture)
    assert answer.ok
    assert await state(guest) == "playing"

    await guest.page.evaluate("window.buttons.pause()")
    await expect(guest.page.locator("[data-banner]")).to_contain_text("You paused the sound")
    assert await state(guest) == "paused"
    await guest.page.evaluate("window.buttons.play()")
    await guest.is_connected("live")
    await guest.hears("A")
    await guest.page.evaluate("window.buttons.hangup()")
    await guest.page.wait_for_url("/")


async def test_the_microphone_is_muted_from_a_headset(bring_in: BringIn, tone_a: Path) -> None:
    host = await bring_in("host", microphone=tone_a)
    await host.page.add_init_script(_BUTTONS)
    space = await host.start_a_space("Headset")
    await host.join(space)
    await host.open_microphone()
    await host.page.evaluate("window.buttons.togglemicrophone()")
    await host.sees("Marco Bianchi", role="host", muted="true")


async def test_the_sound_goes_on_out_of_sight(bring_in: BringIn, tone_a: Path) -> None:
    host = await bring_in("host", microphone=tone_a)
    space = await host.start_a_space("In a pocket")
    await host.join(space)
    await host.open_microphone()
    guest = await bring_in()
    await guest.join(space)
    await guest.listens_for("A")
    await guest.page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'));"
    )
    await guest.hears("A")
    await guest.is_connected("live")
    assert await guest.silences() == []


async def test_the_screen_stays_on_only_for_those_who_ask(bring_in: BringIn) -> None:
    host = await bring_in("host")
    await host.page.add_init_script(_NOTE_WAKE_LOCKS)
    space = await host.start_a_space("Awake")
    await host.join(space)
    assert await host.page.evaluate("window.asked") == []
    await host.press("settings")
    await host.page.locator("[data-wake]").check()
    await expect(host.page.locator("[data-wake]")).to_be_checked()
    assert await host.page.evaluate("window.asked") == ["screen"]

    # Out of sight the browser takes it back; in sight again the page asks for it.
    await holds(host, "locks.length === 1")
    await host.page.evaluate("window.locks[0].release()")
    await host.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await holds(host, "locks.length === 2")
    await host.page.locator("[data-wake]").uncheck()
    await holds(host, "locks[1].released")
