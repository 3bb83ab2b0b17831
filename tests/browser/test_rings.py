"""Rings follow the voices without a layout: a phone must not get hot from watching people talk."""

from pathlib import Path

from playwright.async_api import CDPSession

from tests.browser.conftest import BringIn
from tests.browser.person import Person, until

HOST = "Marco Bianchi"
SPEECH = Path(__file__).parents[1] / "data" / "en_demo-abouttotry.wav"

# Notes how wide the rings get, and what is animated on the way.
_WATCH_RINGS = """() => {
    window.widths = new Set();
    window.animated = new Set();
    new MutationObserver((changes) => {
        for (const { target } of changes) {
            if (target.matches(".person__ring")) window.widths.add(target.style.transform);
        }
        for (const { transitionProperty } of document.getAnimations()) {
            if (transitionProperty) window.animated.add(transitionProperty);
        }
    }).observe(document.querySelector("[data-stage]"), {attributes: true, subtree: true});
}"""


async def layouts(page: CDPSession) -> int:
    """How often the page was laid out so far."""
    answer = await page.send("Performance.getMetrics")
    counts = {metric["name"]: metric["value"] for metric in answer["metrics"]}
    return int(counts["LayoutCount"])


async def rings_move(person: Person, widths: int) -> None:
    """Wait until a ring has had so many widths."""

    async def moved() -> bool:
        return bool(await person.page.evaluate(f"window.widths.size >= {widths}"))

    await until(moved, lambda: "rings move")


async def test_rings_follow_the_voice_and_cause_no_layout(bring_in: BringIn) -> None:
    host = await bring_in("host", microphone=SPEECH)
    guest = await bring_in()
    space = await host.start_a_space("Voices")
    await host.join(space)
    await guest.join(space)
    await host.open_microphone()
    await guest.sees(HOST, speaking="true")
    for person in (host, guest):
        await person.page.evaluate(_WATCH_RINGS)
        browser = await person.page.context.new_cdp_session(person.page)
        await browser.send("Performance.enable")
        await rings_move(person, 2)
        before = await layouts(browser)
        await rings_move(person, 6)
        assert await layouts(browser) == before
        assert set(await person.page.evaluate("[...window.animated]")) <= {"opacity", "transform"}
        assert person.errors == []


async def test_rings_stand_still_for_those_who_asked_for_less_motion(bring_in: BringIn) -> None:
    host = await bring_in("host", microphone=SPEECH)
    guest = await bring_in(reduced_motion="reduce")
    space = await host.start_a_space("Calm")
    await host.join(space)
    await guest.join(space)
    await host.open_microphone()
    await host.page.evaluate(_WATCH_RINGS)
    await guest.page.evaluate(_WATCH_RINGS)
    await guest.sees(HOST, speaking="true")
    await rings_move(host, 4)
    assert await guest.page.evaluate("[...window.widths].filter(Boolean)") == []
