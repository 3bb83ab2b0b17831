"""Real browsers, whose microphones play files."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserType, async_playwright, expect

from tests.audio import gateways
from tests.browser.firefox import FirefoxPerson, firefox, firefox_program
from tests.browser.person import PATIENCE, Person
from tests.browser.service import Service, running_service
from tests.browser.sound import TONE_A, TONE_B, write_tone
from tests.speech.model import FOLDER as SPEECH_MODEL

expect.set_options(timeout=1000 * PATIENCE)

BringIn = Callable[..., Awaitable[Person]]

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers stay open from test to test, and so does the loop that talks to them."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@contextmanager
def without_tracebacks(
    folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """The running service; whatever the tests did, none of its logs may hold a traceback."""
    with running_service(folder, settings=settings) as service:
        yield service
    assert_no_tracebacks(service)


def assert_no_tracebacks(service: Service) -> None:
    """Whatever the tests did, the logs of the service know of no fault."""
    for path in service.folder.glob("*.log"):
        _, traceback, what = path.read_text(encoding="utf-8").partition("Traceback")
        assert not traceback, f"{path.stem}: {what[:5000]}"


def chromium() -> str:
    """Where the browser is."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(path for name in names if (path := shutil.which(name)))


@pytest.fixture(scope="session")
def as_it_comes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as it is without any settings."""
    with running_service(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture(scope="module")
def embedded(as_it_comes: Service) -> Iterator[Service]:
    """The same for everybody; a fault is told after the tests of the file that caused it."""
    yield as_it_comes
    assert_no_tracebacks(as_it_comes)


@pytest.fixture(scope="session")
def with_captions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with its captions process and the real speech model."""
    settings = {"SPEECH_MODEL": str(SPEECH_MODEL)}
    with without_tracebacks(tmp_path_factory.mktemp("captions"), settings) as service:
        service.start("captions")
        yield service


@pytest.fixture(scope="session")
def over_janus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with two gateways: talkers on one, listeners on the other."""
    folder = tmp_path_factory.mktemp("janus")
    with gateways.running(folder, "origin", "edge") as running:
        settings = {
            "AUDIO_ENGINE": "janus",
            "JANUS_URL": running["origin"].url,
            "JANUS_EDGE_URLS": running["edge"].url,
            "JANUS_API_SECRET": gateways.API_SECRET,
            "JANUS_ADMIN_KEY": gateways.ADMIN_KEY,
        }
        with without_tracebacks(folder, settings) as service:
            yield service


@pytest.fixture
def engine() -> str:
    """Which of the services a test is about; one that is about several says so."""
    return "embedded"


@pytest.fixture
def service(request: pytest.FixtureRequest, engine: str) -> Service:
    """The running service."""
    service: Service = request.getfixturevalue(engine)
    return service


@pytest.fixture(scope="session")
def tone_a(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tone(tmp_path_factory.mktemp("tones") / "a.wav", TONE_A)


@pytest.fixture(scope="session")
def tone_b(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tone(tmp_path_factory.mktemp("tones") / "b.wav", TONE_B)


class Browsers:
    """They stay open, one for each microphone; a person gets a context, which shares nothing."""

    def __init__(self, chromium: BrowserType) -> None:
        self._chromium = chromium
        self._open: dict[tuple[Path | None, str], Browser] = {}

    async def with_microphone(self, file: Path | None, url: str) -> Browser:
        """The browser whose microphone plays a file, or hums, and that trusts the service."""
        if (file, url) not in self._open:
            self._open[file, url] = await self.launch(file, url)
        return self._open[file, url]

    async def launch(self, file: Path | None, url: str, program: str = "") -> Browser:
        """Another one, which ends with the test."""
        # Browsers give out the microphone to secure pages alone, and to this one.
        flags = [*CHROMIUM_FLAGS, f"--unsafely-treat-insecure-origin-as-secure={url}"]
        if file:
            flags.append(f"--use-file-for-fake-audio-capture={file}")
        return await self._chromium.launch(executable_path=program or chromium(), args=flags)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers() -> AsyncIterator[Browsers]:
    async with async_playwright() as playwright:
        yield Browsers(playwright.chromium)


@pytest_asyncio.fixture(loop_scope="session")
async def bring_in(browsers: Browsers, service: Service) -> AsyncIterator[BringIn]:
    """`await bring_in("host", microphone=tone_a)`: somebody at the service, logged in by handle.

    Without a handle it is a visitor without an account. With `alone`, or a program, the browser is
    nobody else's.
    """
    async with AsyncExitStack() as leaving:

        async def bring(
            handle: str = "",
            microphone: Path | None = None,
            *,
            stubborn: bool = False,
            width: int = 1280,
            alone: bool = False,
            executable: str = "",
            **context: Any,
        ) -> Person:
            if alone or executable:
                browser = await browsers.launch(microphone, service.url, executable)
                leaving.push_async_callback(browser.close)
            else:
                browser = await browsers.with_microphone(microphone, service.url)
            page_context = await browser.new_context(
                viewport={"width": width, "height": 800}, base_url=service.url, **context
            )
            page_context.set_default_timeout(1000 * PATIENCE)
            leaving.push_async_callback(page_context.close)
            person = Person(handle, browser, await page_context.new_page(), stubborn)
            await person.settle_in()
            return person

        yield bring


@pytest.fixture(scope="session")
def one_firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirefoxPerson]:
    """A window that stays open from test to test."""
    with firefox(tmp_path_factory.mktemp("firefox"), firefox_program()) as person:
        yield person


@pytest.fixture
def fox(one_firefox: FirefoxPerson, service: Service) -> Iterator[FirefoxPerson]:
    """Somebody with Firefox, who was never at the service before."""
    one_firefox.arrive(service.url)
    yield one_firefox
    one_firefox.go_away()
