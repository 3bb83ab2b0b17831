"""`manage.py speechmodel` checks a model that is there."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from speech.fetch import BASE_SHA256
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
