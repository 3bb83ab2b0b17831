"""Every page is for everybody: axe finds nothing (WCAG 2.2 AA), in both themes, wide and narrow."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import BringIn, without_tracebacks
from tests.browser.person import Person
from tests.browser.service import ROOT, Service

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
LOOKS = [(theme, width) for theme in ("light", "dark") for width in (360, 1280)]

PEOPLE = {
    "": [
        "/",
        "/beta/",
        "/@host/",
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/spaces/nobodyknows/",
        "/nothing/here/",
        "/offline/LANGUAGE/",
        "SPACE",
        "SPACEreport/",
        "ENDED",
    ],
    "outsider": [
        "/",
        "/beta/",
        "/@host/",
        "/@outsider/",
        "/settings/profile/",
        "/settings/delete/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/password/set/",
        "/accounts/reauthenticate/",
        "/accounts/logout/",
        "/accounts/inactive/",
        "/spaces/new/",
        "SPACE",
        "ENDED",
    ],
    "host": ["/spaces/new/", "/@host/", "SPACE", "ENDED", "ENDEDreport/"],
}
FAULTS = ["403.html", "403_csrf.html", "429.html", "500.html"]
_RENDER = """
from django.template.loader import render_to_string
from django.utils.translation import override
with override("it"):
    print(render_to_string("{template}"))
"""


@pytest.fixture(scope="module")
def in_production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service without `DEBUG`, which shows pages of its own for what is not there."""
    folder = tmp_path_factory.mktemp("production")
    settings = {"DEBUG": "off", "SECRET_KEY": "a test", "STATIC_ROOT": str(folder / "static")}
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | settings | {"VAR_DIR": str(folder / "var")},
        check=True,
    )
    with without_tracebacks(folder, settings) as service:
        yield service


@pytest.fixture
def engine() -> str:
    """The service that these tests are about."""
    return "in_production"


async def faults(page: Page) -> list[str]:
    """What axe finds, and whether one has to scroll sideways, in every look of the page."""
    found = []
    for theme, width in LOOKS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
        results = await Axe().run(page, options=RULES)
        found += [f"{theme} {width}: {fault(each)}" for each in results.response["violations"]]
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{theme} {width}: wider than the screen")
    return found


def fault(violation: dict[str, Any]) -> str:
    """One finding in one line."""
    return f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"


@pytest.fixture
async def spaces(bring_in: BringIn) -> AsyncIterator[tuple[str, str]]:
    """The addresses of a live Space and of one that has ended."""
    host = await bring_in("host", reduced_motion="reduce")
    ended = await host.start_a_space("Over")
    await host.join(ended)
    await host.press("end")
    await host.press("confirm")
    await expect(host.page.locator(".ended")).to_be_visible()
    live = await host.start_a_space("Bees in the city: what they need, and who gives it")
    yield live, ended
    await host.join(live)
    await host.press("end")
    await host.press("confirm")
    await expect(host.page.locator(".ended")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "it"])
async def test_axe_finds_nothing_on_any_page(
    bring_in: BringIn, spaces: tuple[str, str], language: str
) -> None:
    live, ended = spaces
    found = {}
    for handle, paths in PEOPLE.items():
        person = await bring_in(handle, locale=language, reduced_motion="reduce")
        for path in paths:
            address = path.replace("SPACE", live).replace("ENDED", ended)
            await person.page.goto(address.replace("LANGUAGE", language))
            await expect(person.page.locator("html")).to_have_attribute("lang", language)
            if problems := await faults(person.page):
                found[f"{handle} {path}"] = problems
    assert found == {}


async def test_axe_finds_nothing_where_something_went_wrong(
    bring_in: BringIn, service: Service
) -> None:
    # A worker would ask the service for the page before it can be answered here.
    guest = await bring_in(reduced_motion="reduce", service_workers="block")
    for template in FAULTS:
        script = _RENDER.format(template=template)
        html = service.manage("shell", "--no-imports", "--command", script)
        await guest.page.route(f"**/{template}", answering(html))
        await guest.page.goto(f"/{template}")
        await expect(guest.page.locator("html")).to_have_attribute("lang", "it")
        assert await faults(guest.page) == []


def answering(html: str) -> Callable[[Route], Awaitable[None]]:
    """What answers a request with this page."""

    async def answer(route: Route) -> None:
        await route.fulfill(body=html, content_type="text/html")

    return answer


async def test_axe_finds_nothing_where_a_code_is_asked_for(bring_in: BringIn) -> None:
    guest = await bring_in(reduced_motion="reduce")
    await guest.page.goto("/accounts/password/reset/")
    await guest.page.fill("[name=email]", "listener@example.org")
    await guest.page.press("[name=email]", "Enter")
    await expect(guest.page.locator("[name=code]")).to_be_visible()
    assert await faults(guest.page) == []
    await guest.page.goto("/accounts/login/")
    await guest.page.fill("[name=login]", "nobody")
    await guest.page.fill("[name=password]", "wrong")
    await guest.page.press("[name=password]", "Enter")
    await expect(guest.page.locator(".errorlist").first).to_be_visible()
    assert await faults(guest.page) == []


async def every_sheet(person: Person) -> list[str]:
    """The names of the sheets that say the same whatever they are opened for."""
    names = """[...document.querySelectorAll('dialog')]
        .filter((each) => each.querySelector('h2')?.textContent.trim())
        .map((each) => each.dataset.sheet)"""
    found: list[str] = await person.page.evaluate(names)
    return found


async def test_axe_finds_nothing_in_a_room_and_its_sheets(bring_in: BringIn) -> None:
    host = await bring_in("host", reduced_motion="reduce")
    speaker = await bring_in("speaker", reduced_motion="reduce")
    guest = await bring_in(reduced_motion="reduce", locale="it")
    space = await host.start_a_space("Bees in the city")
    for person in (host, speaker, guest):
        await person.join(space)
    await speaker.press("hand-raise")
    await host.sees("Ada Olsen")
    for person in (host, speaker, guest):
        assert await faults(person.page) == []
    found = {}
    for person in (host, speaker):
        for name in await every_sheet(person):
            sheet = person.page.locator(f'[data-sheet="{name}"]')
            await sheet.evaluate("(sheet) => sheet.showModal()")
            if problems := await faults(person.page):
                found[f"{person.handle}: {name}"] = problems
            await sheet.evaluate("(sheet) => sheet.close()")
    await host.page.locator('[data-participant][data-name="Ada Olsen"]').first.click()
    found["a person"] = await faults(host.page)
    await host.page.keyboard.press("Escape")
    await host.press("end")
    found["to confirm"] = await faults(host.page)
    assert found == {"a person": [], "to confirm": []}


async def test_targets_are_large_enough_for_a_finger(bring_in: BringIn) -> None:
    host = await bring_in("host", width=360)
    await host.join(await host.start_a_space("Bees in the city"))
    small = await host.page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], summary, input")]
            .filter((each) => each.checkVisibility() && !each.matches("p a, .skip-link"))
            .map((each) => [each.getBoundingClientRect(), each])
            .filter(([box]) => box.width < 24 || box.height < 24)
            .map(([box, each]) => `${each.outerHTML.slice(0, 60)} ${box.width}x${box.height}`)"""
    )
    assert small == []


async def test_a_listener_finds_the_way_by_keyboard_alone(bring_in: BringIn) -> None:
    host = await bring_in("host")
    listener = await bring_in("listener")
    space = await host.start_a_space("Bees in the city")
    await host.join(space)
    await listener.page.goto(space)
    await tab_to(listener, "join")
    await listener.page.keyboard.press("Enter")
    await listener.is_connected("live")
    await expect(listener.page.locator("#room-title")).to_be_focused()
    await tab_to(listener, "hand-raise")
    await listener.page.keyboard.press("Enter")
    await tab_to(host, "hands")
    await host.page.keyboard.press("Enter")
    await tab_to(host, "hand-accept")
    await host.page.keyboard.press("Space")
    await listener.sees("Tom Becker", role="speaker")
    await host.page.keyboard.press("Escape")
    await expect(host.page.locator('[data-action="hands"]')).to_be_focused()


async def tab_to(person: Person, action: str) -> None:
    """Press Tab until this control has the focus, and see that it shows."""
    wanted = person.page.locator(f'[data-action="{action}"]:visible').first
    await expect(wanted).to_be_visible()
    for _ in range(60):
        if await wanted.evaluate("(each) => each === document.activeElement"):
            break
        await person.page.keyboard.press("Tab")
    await expect(wanted).to_be_focused()
    outline = await wanted.evaluate("(each) => getComputedStyle(each).outline")
    assert re.search(r"[1-9]px", outline), outline
