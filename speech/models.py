"""Where a speech model lies, and whether it is there.

A model is a folder as CTranslate2 reads it: `model.bin`, `config.json`, `tokenizer.json` and a
vocabulary.
"""

from pathlib import Path

SIZES = ("base", "tiny", "small", "medium", "large-v3")
"""The multilingual Whispers, by name."""

_NEEDED = ("model.bin", "config.json", "tokenizer.json")


def folder_of(name: str, models: Path) -> Path:
    """The folder of a model that is given as a size, or as a folder; `models` holds the sizes."""
    return models / name if name in SIZES else Path(name).resolve()


def is_there(folder: Path) -> bool:
    """Whether the folder holds a model."""
    return all((folder / name).is_file() for name in _NEEDED)
