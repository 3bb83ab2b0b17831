"""Where `make test` has put the speech model."""

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "var" / "models" / "base"
