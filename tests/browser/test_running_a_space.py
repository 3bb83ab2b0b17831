"""People run a Space together, and it goes on, or ends in peace, when its host goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import BringIn, assert_no_tracebacks
from tests.browser.person import Person
from tests.browser.service import Service, running_service
from tests.browser.test_a_live_space import HOST, SPEAKER, download

LISTENER = "Tom Becker"
GRACE = 12


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that waits only some seconds for a host."""
    settings = {"HOST_GRACE_SECONDS": str(GRACE)}
    with running_service(tmp_path_factory.mktemp("hosts"), settings=settings) as service:
        yield service
    assert_no_tracebacks(service)


async def bring_up(host: Person, name: str, person: Person) -> None:
    """The host invites, the other accepts."""
    await host.act_on(name, "invite")
    await person.press("accept-invitation")
    await host.sees(name, role="speaker")


async def reads(person: Person, text: str) -> None:
    """Wait until this can be read somewhere on the page."""
    await expect(person.page.get_by_text(text).locator("visible=true").first).to_be_visible()


async def test_without_hosts_the_space_counts_down_and_ends_with_its_recording(
    bring_in: BringIn, tone_a: Path, tmp_path: Path
) -> None:
    host = await bring_in("host", microphone=tone_a)
    guest = await bring_in()
    space = await host.start_a_space("Alone")
    await host.join(space)
    await guest.join(space)
    await host.open_microphone()
    await guest.hears("A")
    countdown = guest.page.locator("[data-countdown]")

    await host.page.goto("/")
    await expect(countdown).to_contain_text("The Space ends in 0:")
    await host.join(space)
    await expect(countdown).to_be_hidden()

    await host.press("leave")
    await host.press("confirm")
    await expect(countdown).to_be_visible()
    visitor = await bring_in()
    await visitor.page.goto(space)
    await reads(visitor, "No host is here. The Space ends in 0:")
    await expect(visitor.page.locator("main")).to_contain_text("ended")
    await expect(guest.page.locator("main")).to_contain_text("ended")
    await host.page.goto(space)
    assert (await download(host, tmp_path)).stat().st_size > 1000
    assert (guest.errors, visitor.errors) == ([], [])


async def test_the_space_is_handed_over(bring_in: BringIn) -> None:
    host = await bring_in("host")
    heir = await bring_in("speaker")
    guest = await bring_in()
    space = await host.start_a_space("Changing hands")
    for person in (host, heir, guest):
        await person.join(space)
    await bring_up(host, SPEAKER, heir)
    await host.act_on(SPEAKER, "hand-over", confirm=True)
    await reads(heir, "Take this Space over?")
    await heir.press("accept-invitation")
    await guest.sees(SPEAKER, role="host")
    await guest.sees(HOST, role="cohost")
    await heir.press("end")
    await heir.press("confirm")
    await expect(guest.page.locator("main")).to_contain_text("ended")
    for person in (host, heir, guest):
        assert person.errors == []


async def test_a_hand_is_declined_for_a_reason_and_microphones_are_locked(
    bring_in: BringIn, tone_b: Path
) -> None:
    host = await bring_in("host", width=360)
    speaker = await bring_in("speaker", microphone=tone_b, width=360)
    space = await host.start_a_space("In order")
    await host.join(space)
    await speaker.join(space)
    await speaker.press("hand-raise")
    await host.press("hands")
    await host.press("hand-decline")
    await host.page.get_by_role("button", name="Not now, later").click()
    await reads(speaker, "raise your hand again later")
    await host.page.keyboard.press("Escape")
    await bring_up(host, SPEAKER, speaker)
    await speaker.open_microphone()
    await host.hears("B")

    await host.press("manage")
    await host.press("lock")
    await host.press("mute-all")
    await host.page.keyboard.press("Escape")
    await host.hears()
    await reads(speaker, "The hosts keep the microphones off for now.")
    await speaker.press("mic")
    await reads(speaker, "Only the hosts can turn a microphone on right now.")
    await host.press("manage")
    await host.press("lock")
    await speaker.open_microphone()
    await host.hears("B")


async def test_who_may_raise_a_hand_changes_while_live(bring_in: BringIn) -> None:
    host = await bring_in("host")
    listener = await bring_in("listener")
    space = await host.start_a_space("Among friends")
    await host.join(space)
    await listener.join(space)
    await listener.press("hand-raise")
    await host.press("manage")
    await host.page.get_by_label("People I follow").check()
    await reads(listener, "yours was lowered")
    await host.page.keyboard.press("Escape")
    await host.act_on(LISTENER, "follow")
    await expect(host.page.locator('[data-action="unfollow"]')).to_be_visible()
    await listener.press("hand-raise")
    await host.page.keyboard.press("Escape")
    await expect(host.page.locator("[data-hands-count]")).to_have_text("1")


async def test_a_named_successor_becomes_the_host_when_the_host_leaves(bring_in: BringIn) -> None:
    host = await bring_in("host")
    heir = await bring_in("speaker")
    guest = await bring_in()
    space = await host.start_a_space("A successor")
    for person in (host, heir, guest):
        await person.join(space)
    await bring_up(host, SPEAKER, heir)
    await host.act_on(SPEAKER, "name-successor")
    await reads(heir, "If the host goes, you become the host of this Space.")
    await host.press("leave")
    await reads(host, f"{SPEAKER} becomes the host.")
    await host.press("confirm")
    await guest.sees(SPEAKER, role="host")
    await expect(heir.page.locator('[data-action="end"]')).to_be_visible()


async def test_hands_come_up_in_order_and_all_are_sent_back(bring_in: BringIn) -> None:
    host, first, second = [await bring_in(each) for each in ("host", "speaker", "listener")]
    space = await host.start_a_space("One after the other")
    for person in (host, first, second):
        await person.join(space)
    for person, count in ((first, "1"), (second, "2")):
        await person.press("hand-raise")
        await expect(host.page.locator("[data-hands-count]")).to_have_text(count)
    await host.press("hands")
    await expect(host.page.locator(".hand__name")).to_contain_text([SPEAKER, LISTENER])
    await expect(host.page.locator(".hand__time").first).to_contain_text("since")
    await host.press("hand-next")
    await host.sees(SPEAKER, role="speaker")
    await expect(host.page.locator(".hand__name")).to_contain_text([LISTENER])
    await host.press("hand-accept")
    await host.sees(LISTENER, role="speaker")
    await host.page.keyboard.press("Escape")
    await host.press("manage")
    await host.press("clear-stage")
    await host.press("confirm")
    for name in (SPEAKER, LISTENER):
        await host.sees(name, role="listener")


async def test_who_blocked_somebody_on_stage_is_warned(bring_in: BringIn) -> None:
    host, speaker, listener = [await bring_in(each) for each in ("host", "speaker", "listener")]
    await listener.page.goto("/@speaker/")
    await listener.page.get_by_role("button", name="Block", exact=True).click()
    await reads(listener, "You have blocked this person")
    space = await host.start_a_space("Not for everybody")
    for person in (host, speaker, listener):
        await person.join(space)
    await bring_up(host, SPEAKER, speaker)
    await reads(listener, f"On stage is somebody you blocked: {SPEAKER}. You can leave.")
    await host.act_on(SPEAKER, "demote")
    await expect(listener.page.locator("[data-hint]")).to_be_empty()
    await listener.page.goto("/@speaker/")
    await listener.page.get_by_role("button", name="Unblock").click()
    await expect(listener.page.get_by_role("button", name="Block", exact=True)).to_be_visible()
