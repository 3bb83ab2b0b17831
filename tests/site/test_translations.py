"""Every sentence that a person can read exists in every language."""

import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import polib
import pytest
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
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
