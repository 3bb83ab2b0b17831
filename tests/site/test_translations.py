"""Every sentence exists in every language."""

from pathlib import Path

import polib
import pytest
from babel.messages.frontend import CommandLineInterface

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po"))


def test_there_is_a_catalogue_for_pages_and_one_for_scripts() -> None:
    assert [path.name for path in CATALOGUES] == ["django.po", "djangojs.po"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_sentence_is_untranslated_or_doubtful(path: Path) -> None:
    catalogue = polib.pofile(str(path))
    missing = [entry.msgid for entry in catalogue.untranslated_entries()]
    doubtful = [entry.msgid for entry in catalogue.fuzzy_entries()]
    assert (missing, doubtful) == ([], [])


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_catalogue_compiles(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mo"
    CommandLineInterface().run(
        ["pybabel", "--quiet", "compile", "-i", str(path), "-o", str(target)]
    )
    assert target.stat().st_size > 100
