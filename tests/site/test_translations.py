"""Every sentence that a person can read exists in every language."""

import re
import subprocess
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import polib
import pytest
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.test import Client
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation.template import templatize

from accounts.models import User
from rooms import operations
from rooms.errors import Code
from rooms.models import Room

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
PAGES = [
    "/",
    "/beta/",
    "/@host/",
    "/nothing/here/",
    "/spaces/nobodyknows/",
    "/spaces/new/",
    "/settings/profile/",
    "/settings/delete/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/password/reset/",
    "/accounts/logout/",
    "/accounts/inactive/",
]
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "_": None,
}


def tracked(pattern: str) -> Iterator[Path]:
    """The repository's own files of one kind, tests left out."""
    listed = subprocess.run(
        ["git", "ls-files", pattern],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.split():
        if not name.startswith(("tests/", "static/vendor/")):
            yield ROOT / name


def sentences(path: Path) -> set[str]:
    """The message ids in a Python file, a template or an ES module."""
    source = path.read_text(encoding="utf-8")
    method = "javascript" if path.suffix == ".js" else "python"
    if path.suffix in {".html", ".txt"}:
        # The very step that makemessages takes before it looks for calls of gettext.
        lines = templatize(source, origin=str(path)).splitlines()
        source = "\n".join(line.lstrip() for line in lines)  # indentation means something here
    found = set()
    for _line, message, _comments, _context in extract(
        method, BytesIO(source.encode()), keywords=KEYWORDS
    ):
        first = message[0] if isinstance(message, tuple) else message
        if first:
            found.add(first)
    return found


def known(name: str) -> set[str]:
    """The message ids that the Italian catalogue translates."""
    return {entry.msgid for entry in polib.pofile(str(ROOT / f"locale/it/LC_MESSAGES/{name}"))}


@pytest.mark.parametrize(
    ("catalogue", "patterns"),
    [("django.po", ["*.py", "templates/**"]), ("djangojs.po", ["static/**/*.js"])],
)
def test_every_sentence_of_the_source_is_in_the_catalogue(
    catalogue: str, patterns: list[str]
) -> None:
    used = {
        sentence
        for pattern in patterns
        for path in tracked(pattern)
        if path.suffix in {".py", ".html", ".txt", ".js"}
        for sentence in sentences(path)
    }
    assert used, "nothing was extracted"
    assert sorted(used - known(catalogue)) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_sentence_is_untranslated_or_doubtful(path: Path) -> None:
    catalogue = polib.pofile(str(path))
    missing = [entry.msgid for entry in catalogue.untranslated_entries()]
    doubtful = [entry.msgid for entry in catalogue.fuzzy_entries()]
    assert (missing, doubtful) == ([], [])


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_catalogue_compiles(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mo"
    catalogue = read_po(BytesIO(path.read_bytes()))
    with target.open("wb") as out:
        write_mo(out, catalogue)
    assert target.stat().st_size > 100


FORMATS = re.compile(r"%\(\w+\)[sd]|%[sd]|</?[a-z]+|{\w+}")


def keeps(entry: polib.POEntry, said: str) -> bool:
    """Whether everything that is filled in appears; where people are counted, "one" may say it."""
    wanted = set(FORMATS.findall(entry.msgid_plural or entry.msgid))
    found = set(FORMATS.findall(said))
    return found <= wanted if entry.msgid_plural else found == wanted


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_translation_keeps_what_is_filled_in(path: Path) -> None:
    wrong = [
        entry.msgid
        for entry in polib.pofile(str(path))
        for said in entry.msgstr_plural.values() or [entry.msgstr]
        if not keeps(entry, said)
    ]
    assert wrong == []


def test_no_sentence_of_a_script_is_said_in_english_alone() -> None:
    """What looks like a sentence and goes through no `gettext`."""
    literal = re.compile(r'(?<!gettext\()(?<!gettext\(\n)"([A-Z][a-z]+(?: [\w’\']+)+[.?!…]?)"')
    found = {
        path.name: said
        for path in tracked("static/**/*.js")
        if (said := [each for each in literal.findall(code(path)) if each not in sentences(path)])
    }
    assert found == {}


def code(path: Path) -> str:
    """A script without its comments."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


class Words(HTMLParser):
    """What a page says: its text, and the attributes that are read out or shown."""

    SPOKEN = ("aria-label", "title", "placeholder", "alt", "content")

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the spoken attributes of anything but `<meta>`."""
        if tag in ("script", "style"):
            self._hidden += 1
        for name, value in attrs:
            if name in self.SPOKEN and value and tag != "meta":
                self.said.add(value.strip())

    def handle_endtag(self, tag: str) -> None:
        """Scripts and styles say nothing."""
        if tag in ("script", "style"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if not self._hidden:
            self.said.add(" ".join(data.split()))


SAME_IN_BOTH = re.compile(
    r"\w+@example\.org|Bees in the city|\b(host|outsider|[A-Z])\b"
    r"|\b(Spaces|English|Italiano|Account|Password|Mic|Podcast|Audio|SHA-256|Esc)\b",
    re.IGNORECASE,
)
"""What people said themselves, names, and words that Italian took from English."""


def words(client: Client, path: str, language: str) -> set[str]:
    """All that the page at this address says in a language."""
    parser = Words()
    parser.feed(client.get(path, headers={"accept-language": language}).content.decode())
    return parser.said


@pytest.mark.parametrize("who", ["", "outsider", "host"])
def test_no_page_says_the_same_in_english_and_in_italian(
    client: Client, host: User, outsider: User, who: str
) -> None:
    ended = operations.create_room(host=host, title="Bees in the city")
    operations.end_room(room_id=ended.pk, reason=Room.EndReason.HOST)
    live = operations.create_room(host=host, title="Bees in the city")
    if who:
        client.force_login(User.objects.get(handle=who))
    spaces = [f"/spaces/{room.public_id}/" for room in (ended, live)]
    untranslated = {
        path: said
        for path in [*PAGES, *spaces, *(f"{space}report/" for space in spaces)]
        if (
            said := sorted(
                each
                for each in words(client, path, "en") & words(client, path, "it")
                if re.search(r"[a-z]", SAME_IN_BOTH.sub("", each))
            )
        )
    }
    assert untranslated == {}


@pytest.mark.parametrize("code", [*Code], ids=str)
def test_every_error_is_said_in_italian(code: Code) -> None:
    with translation.override("en"):
        english = str(code.label)
    with translation.override("it"):
        assert str(code.label) != english


def test_italian_writes_months_small() -> None:
    with translation.override("it"):
        assert date_format(date(2026, 12, 22), "DATE_FORMAT") == "22 dicembre 2026"
