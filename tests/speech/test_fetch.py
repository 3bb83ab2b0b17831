"""`manage.py speechmodel` checks what it has, and says what it did."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from speech import fetch as fetching
from speech.fetch import BASE_SHA256, CannotFetch, fetch
from speech.models import folder_of, is_there
from tests.speech.model import FOLDER


def speechmodel() -> str:
    said = StringIO()
    call_command("speechmodel", stdout=said)
    return said.getvalue()


def half_a_model(folder: Path) -> Path:
    """Everything but the right bytes."""
    folder.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


def test_a_model_that_is_there_is_checked(settings: LazySettings) -> None:
    settings.SPEECH_MODEL_FOLDER = FOLDER
    assert speechmodel() == f"The SHA-256 of model.bin is right: {BASE_SHA256}.\n"


def test_a_model_with_other_bytes_is_refused(settings: LazySettings, tmp_path: Path) -> None:
    settings.SPEECH_MODEL_FOLDER = half_a_model(tmp_path / "base")
    with pytest.raises(CommandError, match=f"should have {BASE_SHA256}"):
        speechmodel()


def test_what_was_fetched_and_is_wrong_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_hub(size: str, draft: Path, say: object) -> str:
        half_a_model(draft)
        return BASE_SHA256

    monkeypatch.setattr(fetching, "_from_hub", from_hub)
    with pytest.raises(CannotFetch, match=r"model\.bin has the SHA-256"):
        fetch("base", tmp_path / "models" / "base", lambda _: None)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_size_that_only_the_hub_has_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_from_hub", lambda *_: None)
    with pytest.raises(CannotFetch, match="only `base`"):
        fetch("small", tmp_path / "small", lambda _: None)


def test_a_folder_of_ones_own_is_taken_as_it_is(settings: LazySettings, tmp_path: Path) -> None:
    settings.SPEECH_MODEL = str(tmp_path / "mine")
    settings.SPEECH_MODEL_FOLDER = folder_of(settings.SPEECH_MODEL, tmp_path)
    with pytest.raises(CommandError, match="holds no model"):
        speechmodel()
    half_a_model(tmp_path / "mine")
    assert "a folder of your own" in speechmodel()


def test_a_size_is_looked_for_among_the_models(tmp_path: Path) -> None:
    assert folder_of("base", tmp_path) == tmp_path / "base"
    assert not is_there(tmp_path / "base")
