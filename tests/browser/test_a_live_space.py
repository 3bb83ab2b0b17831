"""A Space from the first word to the download, in real browsers with real sound."""

import time
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.async_api import expect

from tests.browser.conftest import BringIn
from tests.browser.person import Person
from tests.browser.sound import RATE, tones_in

HOST, SPEAKER = "Marco Bianchi", "Ada Olsen"
SILENT_WITHIN = 3
"""Seconds after a mute, of which a busy machine needs some. The browser goes on sending, so it is
the server that mutes."""


def tones_by_second(path: Path) -> list[set[str]]:
    """Decode an audio file and name the tones of each whole second."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames = [
            part.to_ndarray().reshape(-1).astype(np.float32)
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    samples = np.concatenate(frames)
    return [tones_in(samples[at : at + RATE]) for at in range(0, len(samples) - RATE + 1, RATE)]


async def bring_on_stage(speaker: Person, host: Person) -> None:
    """The speaker raises a hand, the host accepts it, the speaker opens the microphone."""
    await speaker.press("hand-raise")
    await host.press("hands")
    await host.press("hand-accept")
    await host.page.keyboard.press("Escape")
    await speaker.open_microphone()


async def download(host: Person, folder: Path, speaker: str = "") -> Path:
    """Download the mix, or a speaker's file, from the page of the ended Space."""
    await expect(host.page.locator(".recording__all")).to_be_visible()
    if await (closed := host.page.locator(".recording__all:not([open]) > summary")).count():
        await closed.click()
    rows = host.page.locator("li").filter(has=host.page.locator("code"))
    row = rows.filter(has_text=speaker) if speaker else rows.first
    await expect(row).to_be_visible()
    async with host.page.expect_download() as started:
        await row.locator('[href$="?download=1"]').click()
    target = folder / f"{speaker or 'mix'}.ogg"
    await (await started.value).save_as(target)
    return target


async def is_put_out(person: Person, space: str) -> None:
    """Somebody who was removed hears nothing, and neither a reload nor a second tab helps."""
    await person.is_connected("closed")
    await person.hears()
    await person.page.reload()
    await expect(person.page.locator('[data-action="join"]')).to_have_count(0)
    second_tab = await person.page.context.new_page()
    await second_tab.goto(space)
    await expect(second_tab.locator('[data-action="join"]')).to_have_count(0)


async def each_speaker_has_their_own_file(host: Person, folder: Path, mix: list[set[str]]) -> None:
    """The host's file holds A alone, the speaker's B alone, on the clock of the mix."""
    of_host = tones_by_second(await download(host, folder, HOST))
    of_speaker = tones_by_second(await download(host, folder, SPEAKER))
    assert {"A"} in of_host
    assert all(heard <= {"A"} for heard in of_host)
    assert {"B"} in of_speaker
    assert all(heard <= {"B"} for heard in of_speaker)
    assert abs(of_speaker.index({"B"}) - mix.index({"A", "B"})) <= 1


@pytest.mark.parametrize("engine", ["embedded", "over_janus"])
async def test_everybody_hears_the_others_and_the_host_decides_who_is_heard(
    bring_in: BringIn, tone_a: Path, tone_b: Path, tmp_path: Path
) -> None:
    host = await bring_in("host", microphone=tone_a)
    # This browser goes on sending whatever its page tells it: only the mix can silence it.
    speaker = await bring_in("speaker", microphone=tone_b, stubborn=True)
    guest = await bring_in()

    space = await host.start_a_space("Tones")
    await host.join(space)
    started = time.monotonic()
    await speaker.join(space)
    await guest.join(space)

    await host.open_microphone()
    await guest.hears("A")
    await bring_on_stage(speaker, host)
    await guest.hears("A", "B")
    await host.hears("B")
    await speaker.hears("A")
    both_until = time.monotonic() - started
    await guest.sees(SPEAKER, role="speaker", muted="false", speaking="true")

    await guest.listens_for("B")
    await host.listens_for("B")
    muted_at = await host.act_on(SPEAKER, "mute")
    await guest.hears("A")
    await host.hears()
    assert await guest.last_heard() - muted_at < SILENT_WITHIN
    assert await host.last_heard() - muted_at < SILENT_WITHIN
    silent_from = time.monotonic() - started
    await guest.sees(SPEAKER, role="speaker", muted="true", speaking="false")

    await host.act_on(SPEAKER, "remove", confirm=True)
    await is_put_out(speaker, space)
    await guest.hears("A")

    await host.press("end")
    await host.press("confirm")
    await expect(guest.page.locator("main")).to_contain_text("ended")
    mix = tones_by_second(await download(host, tmp_path))
    assert {"A", "B"} in mix
    assert mix.index({"A"}) < mix.index({"A", "B"}) <= both_until
    assert all(heard <= {"A"} for heard in mix[int(silent_from) + 1 :])
    assert mix[-2] == {"A"}
    await each_speaker_has_their_own_file(host, tmp_path, mix)
    for person in (host, guest):
        assert person.errors == []


@pytest.mark.parametrize("language", ["it", "en"])
async def test_human_speech_arrives_and_is_kept(
    bring_in: BringIn, tmp_path: Path, language: str
) -> None:
    clip = Path(__file__).parents[1] / "data" / f"{language}_demo-abouttotry.wav"
    host = await bring_in("host", microphone=clip, locale=language)
    guest = await bring_in(locale=language)
    space = await host.start_a_space("Asterisk")
    await host.join(space)
    await guest.join(space)
    await host.open_microphone()
    await guest.hears_something()
    await host.press("end")
    await host.press("confirm")
    mix = await download(host, tmp_path)
    with av.open(str(mix)) as container:
        assert container.streams.audio[0].codec_context.name in {"opus", "libopus"}
