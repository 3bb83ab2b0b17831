"""What somebody says is read by the others while it is said, and stays as a transcript."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import BringIn
from tests.browser.person import Person

HOST = "Marco Bianchi"
CLIP = Path(__file__).parents[1] / "data" / "it_demo-abouttotry.wav"


async def reads(person: Person, words: str) -> None:
    """A caption with these words appears, under the name of the host."""
    lines = person.page.locator("[data-caption-lines] .caption")
    await expect(lines.filter(has_text=words).first).to_be_visible()
    await expect(lines.first.locator(".caption__name")).to_have_text(HOST)


async def corrects_a_line_by_keyboard(host: Person) -> None:
    """Open the page of the transcript, and put a line right without touching the mouse."""
    await host.page.locator('[data-block="transcript"] a').first.focus()
    await host.page.keyboard.press("Enter")
    correct = host.page.locator(".transcript__correct").first
    await correct.focus()
    await host.page.keyboard.press("Enter")
    await expect(host.page.locator("textarea")).to_be_focused()
    await host.page.keyboard.press("Control+A")
    await host.page.keyboard.type("Le api ballano.")
    await host.page.keyboard.press("Tab")
    await host.page.keyboard.press("Enter")
    await expect(host.page.locator(".transcript")).to_contain_text("Le api ballano.")
    await expect(host.page.locator(".transcript summary").first).to_be_visible()


@pytest.mark.parametrize("engine", ["with_captions"])
async def test_what_is_said_is_read_live_and_afterwards(bring_in: BringIn) -> None:
    host = await bring_in("host", microphone=CLIP, locale="it")
    guest = await bring_in(locale="it", width=360)
    space = await host.start_a_space("Asterisk", transcription=True)
    await host.join(space)
    await guest.join(space)
    await host.open_microphone()
    await reads(guest, "connessione")

    await host.press("end")
    await host.press("confirm")
    forms = host.page.locator('a[href$="transcript.vtt"]')
    await expect(forms).to_be_visible(timeout=90_000)
    vtt = await host.page.context.request.get(f"{space}transcript.vtt")
    assert f"<v {HOST}>" in await vtt.text()
    assert "connessione" in await vtt.text()
    await corrects_a_line_by_keyboard(host)
    for person in (host, guest):
        assert person.errors == []
