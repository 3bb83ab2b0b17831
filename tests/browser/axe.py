"""What axe finds on a page: WCAG 2.2 AA and the best practices it knows."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

Look = tuple[Literal["light", "dark"], int]
"""A theme, and how wide the screen is."""

LOOKS: tuple[Look, ...] = (("light", 360), ("dark", 1280))
OTHER_LOOKS: tuple[Look, ...] = (("dark", 360), ("light", 1280))
"""Both pairs together show each theme at each width."""

_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# What is out of sight is not animated, and never ends: hence the bound.
_COLOURS_ARE_THERE = """async () => {
    const drawn = async () => {
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const ending = document.getAnimations()
            .filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime));
        await Promise.allSettled(ending.map((each) => each.finished));
    };
    await Promise.race([drawn(), new Promise((done) => setTimeout(done, 5000))]);
}"""
_RUN = """async ([part, rules, known]) => {
    const { violations } = await axe.run(part ?? document, rules);
    const isNew = (rule, [target]) =>
        !(rule in known) || !document.querySelector(target).matches(known[rule]);
    return violations
        .map(({ id, nodes }) => [
            id,
            nodes.map(({ target }) => target).filter((target) => isNew(id, target)),
        ])
        .filter(([, targets]) => targets.length);
}"""


async def faults(
    page: Page,
    part: str | None = None,
    looks: Iterable[Look] = LOOKS,
    known: Mapping[str, str] | None = None,
) -> list[str]:
    """What axe finds in the page, or the part of it with this selector, in these looks.

    Also whether one has to scroll sideways. `known` is what is left out: selectors by axe's name
    for the rule that they break.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found = []
    for theme, width in looks:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        await page.evaluate(_COLOURS_ARE_THERE)
        violations: list[Any] = await page.evaluate(_RUN, [part, _RULES, known or {}])
        found += [f"{theme} {width}: {json.dumps(each)}" for each in violations]
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{theme} {width}: wider than the screen")
    return found
