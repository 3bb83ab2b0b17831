"""Every page is for everybody: axe finds nothing (WCAG 2.2 AA), in both themes, wide and narrow."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from playwright.async_api import Route, expect

from tests.browser.a_past import let_things_happen
from tests.browser.axe import LOOKS, OTHER_LOOKS, Look, faults
from tests.browser.conftest import BringIn, without_tracebacks
from tests.browser.person import Person
from tests.browser.service import PASSWORD, ROOT, Service

PEOPLE = {
    "": [
        "/",
        "/beta/",
        "/beta/status/{status}/",
        "/@host/",
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/reset/complete/",
        "/spaces/nobodyknows/",
        "/spaces/{live}/",
        "/spaces/{live}/report/",
        "/spaces/{over}/",
        "/spaces/{replayed}/",
        "/clips/{clip}/",
        "/nothing/here/",
        "/offline/{language}/",
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
        "/spaces/{live}/",
        "/spaces/{closed}/",
        "/spaces/{replayed}/",
        "/clips/{clip}/",
    ],
    "host": [
        "/spaces/new/",
        "/@host/",
        "/spaces/{live}/",
        "/spaces/{over}/",
        "/spaces/{over}/report/",
        "/spaces/{replayed}/",
        "/spaces/{replayed}/transcript/",
        "/spaces/{replayed}/transcript/?line={line}",
    ],
}
"""The pages, by who looks at them; in braces is what has happened on the service."""

ON_THE_WAY = {
    "account_email_verification_sent",
    "account_confirm_login_code",
    "account_confirm_password_reset_code",
    "account_password_reset_completed",
}
"""Pages that one sees only in the middle of something: the tests below come by."""

NO_PAGES = {
    *("follow", "unfollow", "block", "unblock", "language", "set_language"),
    *("picture", "javascript_catalog", "stylesheets", "manifest", "service_worker", None),
    *("replay_change", "replay_file", "replay_data", "replay_chapters", "podcast"),
    *("clip_make", "clip_delete", "transcript_file", "transcript_correct"),
    *("recording_file", "stored_file", "export_file", "export_ask", "room_recording"),
}
"""Addresses of files, of buttons, and of parts of pages."""

FAULTS = ["403.html", "403_csrf.html", "429.html", "500.html"]
_RENDER = """
from django.template.loader import render_to_string
from django.utils.translation import override
with override("it"):
    print("<!-- next -->".join(render_to_string(each) for each in {templates}))
"""


@pytest.fixture(scope="module")
def in_production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service without `DEBUG`, which shows pages of its own for what is not there."""
    folder = tmp_path_factory.mktemp("production")
    settings = {
        "DEBUG": "off",
        "SECRET_KEY": "a test",
        "STATIC_ROOT": str(folder / "static"),
        "HOST_GRACE_SECONDS": "3600",
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | settings | {"VAR_DIR": str(folder / "var")},
        check=True,
    )
    with without_tracebacks(folder, settings) as service:
        yield service


@pytest.fixture(scope="module")
def past(in_production: Service) -> dict[str, str]:
    """What has happened there."""
    return let_things_happen(in_production)


@pytest.fixture
def engine() -> str:
    """The service that these tests are about."""
    return "in_production"


def addresses(patterns: list[URLPattern | URLResolver]) -> set[str | None]:
    """The names of all addresses but those of the admin."""
    found: set[str | None] = set()
    for each in patterns:
        if isinstance(each, URLPattern):
            found.add(each.name)
        elif each.app_name != "admin":
            found |= addresses(each.url_patterns)
    return found


def test_no_page_is_left_out() -> None:
    paths = {path for paths in PEOPLE.values() for path in paths} - {"/nothing/here/"}
    looked_at = {resolve(path.format_map(Anything()).partition("?")[0]).url_name for path in paths}
    assert looked_at | ON_THE_WAY | NO_PAGES == addresses(get_resolver().url_patterns)


class Anything(dict[str, str]):
    """Something for each name."""

    def __missing__(self, key: str) -> str:
        return key


@pytest.mark.parametrize("handle", PEOPLE)
async def test_axe_finds_nothing_on_any_page(
    bring_in: BringIn, service: Service, past: dict[str, str], handle: str
) -> None:
    person = await bring_in(handle)
    assert await problems(person, past, service.url) == []


async def problems(person: Person, past: dict[str, str], address: str) -> list[str]:
    """What is wrong with the pages of this person, in both languages."""
    found = []
    for language, looks in (("en", LOOKS), ("it", OTHER_LOOKS)):
        await person.page.context.add_cookies(
            [{"name": "django_language", "value": language, "url": address}]
        )
        for path in PEOPLE[person.handle]:
            await person.page.goto(path.format(language=language, **past))
            await expect(person.page.locator("html")).to_have_attribute("lang", language)
            await is_complete(person)
            found += [
                f"{person.handle} {path} {each}" for each in await faults(person.page, looks=looks)
            ]
    return found


async def is_complete(person: Person) -> None:
    """Wait until what is fetched later is there as well."""
    for place in await person.page.locator("[data-poll]").all():
        await expect(place.locator("> *").first).to_be_attached()


async def test_axe_finds_nothing_where_something_went_wrong(
    bring_in: BringIn, service: Service
) -> None:
    # A worker would ask the service for the page before it can be answered here.
    guest = await bring_in(service_workers="block")
    script = _RENDER.format(templates=FAULTS)
    pages = await asyncio.to_thread(service.manage, "shell", "--no-imports", "--command", script)
    for template, html in zip(FAULTS, pages.split("<!-- next -->"), strict=True):
        await guest.page.route(f"**/{template}", answering(html))
        await guest.page.goto(f"/{template}")
        await expect(guest.page.locator("html")).to_have_attribute("lang", "it")
        assert await faults(guest.page, looks=LOOKS + OTHER_LOOKS) == []


def answering(html: str) -> Callable[[Route], Awaitable[None]]:
    """What answers a request with this page."""

    async def answer(route: Route) -> None:
        await route.fulfill(body=html, content_type="text/html")

    return answer


async def fill_in(person: Person, **fields: str) -> None:
    """Fill the form and send it."""
    for name, value in fields.items():
        await person.page.fill(f"[name={name}]", value)
    await person.page.press(f"[name={list(fields)[-1]}]", "Enter")


def last_code(service: Service) -> str:
    """The code in the mail that was sent last."""
    codes: list[str] = re.findall(r"^ {4}([A-Z0-9-]{6,})$", service.log("web"), re.MULTILINE)
    return codes[-1]


async def test_axe_finds_nothing_on_the_way_to_an_account_and_a_new_password(
    bring_in: BringIn, service: Service
) -> None:
    guest = await bring_in()
    await guest.page.goto("/accounts/login/")
    await fill_in(guest, login="nobody", password="wrong")
    await expect(guest.page.locator(".errorlist").first).to_be_visible()
    assert await faults(guest.page) == []
    await guest.page.goto("/accounts/signup/")
    account = {"email": "eva@example.org", "username": "eva", "display_name": "Eva"}
    await fill_in(guest, **account, password1="what nobody else would say")
    await expect(guest.page.locator("[name=code]")).to_be_visible()
    assert await faults(guest.page) == []
    await guest.page.goto("/accounts/password/reset/")
    await fill_in(guest, email="listener@example.org")
    await guest.page.wait_for_url("**/password/reset/confirm/")
    assert await faults(guest.page) == []
    await fill_in(guest, code=last_code(service))
    await expect(guest.page.locator("[name=password1]")).to_be_visible()
    assert await faults(guest.page) == []


async def test_axe_finds_nothing_on_the_way_out(bring_in: BringIn) -> None:
    speaker = await bring_in("speaker")
    await speaker.page.goto("/settings/delete/")
    await fill_in(speaker, password=PASSWORD)
    await expect(speaker.page).to_have_url(re.compile("/settings/delete/$"))
    assert await faults(speaker.page) == []


async def every_sheet(person: Person) -> list[str]:
    """The names of the sheets that say the same whatever they are opened for."""
    names = """[...document.querySelectorAll('dialog')]
        .filter((each) => each.querySelector('h2')?.textContent.trim())
        .map((each) => each.dataset.sheet)"""
    found: list[str] = await person.page.evaluate(names)
    return found


async def test_axe_finds_nothing_in_a_room_and_its_sheets(bring_in: BringIn) -> None:
    host, speaker, guest = (
        await bring_in("host", reduced_motion="reduce"),
        await bring_in("speaker", reduced_motion="reduce"),
        await bring_in(reduced_motion="reduce", locale="it"),
    )
    space = await host.start_a_space("Bees in the city")
    for person in (host, speaker, guest):
        await person.join(space)
    await speaker.press("hand-raise")
    await host.sees("Ada Olsen")
    rooms = (faults(each.page, looks=LOOKS + OTHER_LOOKS) for each in (host, speaker, guest))
    assert await asyncio.gather(*rooms) == [[], [], []]
    found = await asyncio.gather(sheets(host, LOOKS), sheets(guest, OTHER_LOOKS))
    assert not any(found)
    await host.page.locator('[data-participant][data-name="Ada Olsen"]').first.click()
    assert await faults(host.page) == []
    await host.page.keyboard.press("Escape")
    await host.press("end")
    assert await faults(host.page) == []


async def sheets(person: Person, looks: tuple[Look, ...]) -> dict[str, list[str]]:
    """What is wrong with each sheet in which something is."""
    found = {}
    for name in await every_sheet(person):
        selector = f'[data-sheet="{name}"]'
        sheet = person.page.locator(selector)
        await sheet.evaluate("(sheet) => sheet.showModal()")
        if problems := await faults(person.page, selector, looks):
            found[name] = problems
        await sheet.evaluate("(sheet) => sheet.close()")
    return found


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
