"""The admin is for everybody, too: axe looks at its lists and forms, in both themes and widths."""

import asyncio
from collections.abc import Iterable
from itertools import cycle

from playwright.async_api import expect

from tests.browser.a_past import let_things_happen
from tests.browser.axe import LOOKS, OTHER_LOOKS, Look, faults
from tests.browser.conftest import BringIn
from tests.browser.person import Person
from tests.browser.service import Service

DJANGOS = {
    # The search field that select2 puts in place of a long choice names no label.
    "aria-input-field-name": ".select2-selection, .select2-selection__rendered",
    # A moment is two fields, date and time, below one label.
    "label": ".vDateField, .vTimeField",
    # Signs beside the fields that filter a choice of many carry words that nothing reads.
    "aria-prohibited-attr": ".help-tooltip",
    # Tables of what belongs to something begin and end with a column of no name.
    "empty-table-header": ".inline-group th",
}
"""What Django's own markup lacks: rules of axe, and what breaks them."""

_HAPPEN = """
from moderation import operations
room = Room.objects.get(public_id={replayed!r})
somebody = room.participants.get(user__handle="outsider")
speaker = room.participants.get(user__handle="speaker")
operations.report(room=room, participant=somebody, about=speaker, reason="spam", text="Ads.")
room.pins.create(text="Bees", pinned_by=speaker)
User.objects.filter(handle="moderator").update(is_superuser=True)
"""


async def addresses(person: Person, links: str) -> list[str]:
    """Where the links of the page with this selector lead."""
    found = person.page.locator(links)
    return list(await found.evaluate_all("(all) => all.map((each) => each.pathname)"))


async def problems(person: Person, path: str, looks: Iterable[Look]) -> list[str]:
    await person.page.goto(path)
    return [f"{path} {each}" for each in await faults(person.page, looks=looks, known=DJANGOS)]


async def test_axe_finds_nothing_of_ours_on_any_page_of_the_admin(
    bring_in: BringIn, service: Service
) -> None:
    past = await asyncio.to_thread(let_things_happen, service)
    await asyncio.to_thread(service.manage, "shell", "--command", _HAPPEN.format(**past))
    moderator = await bring_in("moderator", reduced_motion="reduce")
    found = await problems(moderator, "/admin/", LOOKS + OTHER_LOOKS)
    lists = await addresses(moderator, "#content-main th a")
    assert "/admin/moderation/report/" in lists
    turns = cycle(LOOKS + OTHER_LOOKS)
    for path in lists:
        found += await problems(moderator, path, LOOKS)
        forms = (await addresses(moderator, "#result_list tbody th a"))[:1]
        forms += await addresses(moderator, ".object-tools .addlink")
        for form in forms:
            found += await problems(moderator, form, [next(turns)])
    await moderator.page.goto("/admin/moderation/report/")
    await moderator.page.locator("#result_list tbody th a").first.click()
    await expect(moderator.page.get_by_role("button", name="Uphold")).to_be_visible()
    report = moderator.page.url
    for path in (report, f"{report}../history/"):
        found += await problems(moderator, path, LOOKS)
    assert found == []
