"""Real browsers, one process a person, each with a microphone that plays a file."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Playwright, async_playwright

from tests.audio import gateways
from tests.browser.person import Person
from tests.browser.service import Service, running_service
from tests.browser.sound import TONE_A, TONE_B, write_tone
from tests.speech.model import FOLDER as SPEECH_MODEL

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
    logs = {path.stem: path.read_text(encoding="utf-8") for path in service.folder.glob("*.log")}
    faults = {name: log[log.index("Traceback") :] for name, log in logs.items() if "Traceback" in log}
    assert not faults, "\n".join(f"{name}: {fault[:5000]}" for name, fault in faults.items())


def chromium() -> str:
    """Where the browser is."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(path for name in names if (path := shutil.which(name)))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as it is without any settings; each host may start ten Spaces in it."""
    with without_tracebacks(tmp_path_factory.mktemp("service")) as service:
        yield service


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


@pytest.fixture
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture
async def bring_in(playwright: Playwright, service: Service) -> AsyncIterator[BringIn]:
    """`await bring_in("host", microphone=tone_a)`: a browser of one's own, logged in by handle.

    Without a handle it is a visitor without an account.
    """
    people: list[Person] = []

    async def bring(
        handle: str = "",
        microphone: Path | None = None,
        *,
        stubborn: bool = False,
        width: int = 1280,
        executable: str = "",
        **context: Any,
    ) -> Person:
        # Browsers give out the microphone to secure pages alone, and to this one.
        flags = [*CHROMIUM_FLAGS, f"--unsafely-treat-insecure-origin-as-secure={service.url}"]
        if microphone:
            flags.append(f"--use-file-for-fake-audio-capture={microphone}")
        browser = await playwright.chromium.launch(
            executable_path=executable or chromium(), args=flags
        )
        page_context = await browser.new_context(
            viewport={"width": width, "height": 800}, base_url=service.url, **context
        )
        person = Person(handle, browser, await page_context.new_page(), stubborn)
        people.append(person)
        await person.settle_in()
        return person

    yield bring
    for person in people:
        await person.browser.close()
