"""What a person does and hears in a browser."""

import asyncio
import base64
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from playwright.async_api import Browser, Page, expect

from tests.browser.service import PASSWORD
from tests.browser.sound import TONES, tones_in

PATIENCE = 60.0
"""Seconds that anything on a page may take to come: a machine may be busy."""

# Noise suppression takes a steady tone for noise, and rightly so.
_RAW_MICROPHONE = """
const original = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (original) navigator.mediaDevices.getUserMedia = ({audio}) => original({audio: {
    ...audio, echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
"""

# A browser that does not do as its page says: the microphone cannot be closed or taken away.
_STUBBORN = """
const replaceTrack = RTCRtpSender.prototype.replaceTrack;
RTCRtpSender.prototype.replaceTrack = function (track) {
    return track ? replaceTrack.call(this, track) : Promise.resolve();
};
MediaStreamTrack.prototype.stop = () => {};
Object.defineProperty(MediaStreamTrack.prototype, "enabled", {get: () => true, set: () => {}});
"""

# The page keeps its connection to itself; here it is for the tests to ask.
_SHOW_PEER = """
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
        super(...options);
        window.peer = this;
    }
};
"""

# A third of a second of what the page's audio element plays, as base64 of little-endian floats.
_LISTEN = """async () => {
    const element = [...document.querySelectorAll("audio")].find((each) => each.srcObject);
    if (!element || element.paused) return "";
    const context = new AudioContext({sampleRate: 48000});
    const analyser = new AnalyserNode(context, {fftSize: 16384});
    context.createMediaStreamSource(element.srcObject).connect(analyser);
    await new Promise((done) => setTimeout(done, 400));
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    await context.close();
    return btoa(String.fromCharCode(...new Uint8Array(samples.buffer)));
}"""

# Notes the moment at which a tone was last heard, looking 20 times a second, and the silences:
# when each began and ended. A page that gets its sound anew plays another stream.
_WATCH = """(hertz) => {
    const element = [...document.querySelectorAll("audio")].find((each) => each.srcObject);
    const context = new AudioContext({sampleRate: 48000});
    const analyser = new AnalyserNode(context, {fftSize: 4096, smoothingTimeConstant: 0});
    const spectrum = new Float32Array(analyser.frequencyBinCount);
    let stream = null;
    let source = null;
    let missed = 0;
    window.silences = [];
    setInterval(() => {
        if (element.srcObject !== stream) {
            source?.disconnect();
            stream = element.srcObject;
            source = stream && context.createMediaStreamSource(stream);
            source?.connect(analyser);
        }
        analyser.getFloatFrequencyData(spectrum);
        const now = Date.now() / 1000;
        if (spectrum[Math.round(hertz * analyser.fftSize / 48000)] > -60) {
            // Looks that found nothing, not time: a busy machine may come late to look.
            if (missed > 1 && window.lastHeard) window.silences.push([window.lastHeard, now]);
            window.lastHeard = now;
            missed = 0;
        } else {
            missed += 1;
        }
    }, 50);
}"""


@dataclass
class Person:
    """Somebody in front of a browser; `handle` is empty for a visitor without an account."""

    handle: str
    browser: Browser
    page: Page
    stubborn: bool = False
    errors: list[str] = field(default_factory=list)

    async def settle_in(self) -> None:
        """Prepare the browser and log in."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note_console)
        await self.page.context.add_init_script(_RAW_MICROPHONE)
        await self.page.context.add_init_script(_SHOW_PEER)
        if self.stubborn:
            await self.page.context.add_init_script(_STUBBORN)
        if self.handle:
            await self.page.goto("/accounts/login/")
            await self.page.fill("[name=login]", self.handle)
            await self.page.fill("[name=password]", PASSWORD)
            await self.page.press("[name=password]", "Enter")
            await self.page.wait_for_url("/")

    def _note_console(self, message: object) -> None:
        if getattr(message, "type", "") == "error":
            self.errors.append(str(getattr(message, "text", "")))

    async def press(self, action: str) -> None:
        """Click the one visible control with this `data-action`."""
        await self.page.locator(f'[data-action="{action}"]:visible').first.click()

    async def start_a_space(
        self, title: str, policy: str = "everyone", *, transcription: bool = False
    ) -> str:
        """Create a Space from the compose button and return its address."""
        await self.page.goto("/spaces/new/")
        await self.page.fill("[name=title]", title)
        await self.page.locator(f'[name=speaker_policy][value="{policy}"]').check()
        if transcription:
            await self.page.check("[name=transcription]")
        await self.page.press("[name=title]", "Enter")
        await self.page.wait_for_url(re.compile(r"/spaces/[A-Za-z0-9]{12}/"))
        return self.page.url

    async def join(self, address: str) -> None:
        """Open the Space and click Join; done when sound can flow."""
        if self.page.url != address:
            await self.page.goto(address)
        await self.press("join")
        await self.is_connected("live")

    async def is_connected(self, state: str) -> None:
        """Wait until the page says so."""
        await expect(self.page.locator(f'body[data-connection="{state}"]')).to_be_attached()

    async def open_microphone(self) -> None:
        """Unmute, accepting that the Space is recorded when the page asks."""
        await self.press("mic")
        consent = self.page.locator('[data-action="accept-recording"]:visible')
        unmuted = self.page.locator('[data-action="mic"][aria-pressed="true"]:visible')
        await expect(consent.or_(unmuted).first).to_be_visible()
        if await consent.count():
            await consent.click()
        await expect(unmuted).to_be_visible()

    async def act_on(self, name: str, action: str, *, confirm: bool = False) -> float:
        """Tap somebody and choose what happens to them; returns the Unix time of the choice."""
        await self.page.locator(f'[data-participant][data-name="{name}"]:visible').first.click()
        chosen_at = time.time()
        await self.press(action)
        if confirm:
            await self.press("confirm")
        return chosen_at

    async def sees(self, name: str, **attributes: str) -> None:
        """Wait until a person is shown with these data attributes, e.g. `role="speaker"`."""
        marks = "".join(f'[data-{key}="{value}"]' for key, value in attributes.items())
        where = self.page.locator(f'[data-participant][data-name="{name}"]{marks}:visible')
        await expect(where.first).to_be_visible()

    async def samples(self) -> npt.NDArray[np.float32]:
        """A third of a second of what arrives, mono at 48 kHz; empty when nothing plays."""
        encoded = await self.page.evaluate(_LISTEN)
        return np.frombuffer(base64.b64decode(encoded), dtype="<f4")

    async def hears(self, *names: str) -> None:
        """Wait until exactly these tones arrive, twice in a row."""
        wanted, heard = set(names), [set[str](), set[str]()]

        async def exactly() -> bool:
            heard[:] = heard[1], tones_in(await self.samples())
            return heard == [wanted, wanted]

        who = self.handle or "the guest"
        await until(exactly, lambda: f"{who} hears {wanted}, not {heard}")

    async def listens_for(self, name: str) -> None:
        """From now on, when it is heard, remember that, for `last_heard` and `silences`."""
        await self.page.evaluate(_WATCH, TONES[name])
        who = self.handle or "the guest"
        await until(self._has_heard, lambda: f"{who} hears {name}")

    async def _has_heard(self) -> bool:
        return bool(await self.page.evaluate("Boolean(window.lastHeard)"))

    async def last_heard(self) -> float:
        """Unix time at which the tone listened for was last heard."""
        return float(await self.page.evaluate("window.lastHeard"))

    async def silences(self) -> list[tuple[float, float]]:
        """From when to when the tone listened for was not heard, each over 100 ms; Unix times."""
        noted = await self.page.evaluate("window.silences")
        return [(float(start), float(end)) for start, end in noted]

    async def position(self) -> float:
        """The second at which the recording on the page is."""
        return float(await self.page.evaluate("document.querySelector('audio').currentTime"))

    async def plays_beyond(self, second: float) -> None:
        """Wait until the recording on the page has got there."""

        async def beyond() -> bool:
            return await self.position() > second

        await until(beyond, lambda: f"{self.handle or 'the guest'} hears second {second}")

    async def hears_something(self) -> None:
        """Wait until speech-like loudness arrives."""

        async def loud() -> bool:
            samples = await self.samples()
            return len(samples) > 0 and float(np.sqrt(np.mean(samples**2))) > 0.01

        await until(loud, lambda: f"{self.handle or 'the guest'} hears something")


async def until(
    condition: Callable[[], Awaitable[bool]], what: Callable[[], str], seconds: float = PATIENCE
) -> None:
    """Ask again until the condition holds; fail with `what` after the bound."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110  the condition lies in a browser
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:g} s: {what()}") from None
