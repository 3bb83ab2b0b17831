"""Scripts and style sheets as browsers want to know of them: at once, not one after the other."""

import posixpath
import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from spaces_site import catalogue, stylesheets

register = template.Library()
_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*?"(\.[^"]+)";$', re.MULTILINE)


@register.simple_tag
def module(name: str, *, at_once: bool = False) -> SafeString:
    """The ES module with this static name, after a hint for each module that it needs.

    Without the hints a browser learns of a module only when it has read the one that imports it.
    `at_once`: it runs as soon as it is there, and not only when the page is read and styled.
    """
    hints = format_html_join(
        "", '<link rel="modulepreload" href="{}">', ((static(each),) for each in needed(name))
    )
    when = mark_safe(" async") if at_once else ""
    return format_html('{}<script type="module" src="{}"{}></script>', hints, static(name), when)


@register.simple_tag
def fetch_ahead(modules: str, *sheets: str) -> SafeString:
    """Hints for a page on which people choose another: what that one needs of scripts and styles.

    Browsers fetch it when they have nothing else to do. `modules`: static names, separated by
    spaces; each of `sheets` as for `styles`.
    """
    names = dict.fromkeys(each for name in modules.split() for each in (*needed(name), name))
    addresses = [
        *map(styles_address, sheets),
        catalogue.address(get_language() or "en"),
        *map(static, names),
    ]
    return format_html_join(
        "", '<link rel="prefetch" href="{}">', ((address,) for address in addresses)
    )


@register.simple_tag
def styles(names: str) -> SafeString:
    """One link for these style sheets: names in `static/css`, separated by spaces."""
    return format_html('<link rel="stylesheet" href="{}">', styles_address(names))


@register.simple_tag
def styles_address(names: str) -> str:
    """What `styles` links to."""
    return stylesheets.address("+".join(names.split()))


@register.simple_tag
def sentences() -> SafeString:
    """The scripts' sentences in the language of the page."""
    address = catalogue.address(get_language() or "en")
    return format_html('<script src="{}" defer></script>', address)


@cache
def needed(name: str) -> tuple[str, ...]:
    """The static names of all modules that this one imports, directly or not."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop(0)
        source = Path(str(finders.find(current))).read_text(encoding="utf-8")
        for match in _IMPORT.finditer(source):
            path = posixpath.join(posixpath.dirname(current), match[1])
            each = posixpath.normpath(path)
            if each not in found and each != name:
                found[each] = None
                waiting.append(each)
    return tuple(found)
