"""The single voices of a recording, which the origin itself writes to the spool."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

_SHARED = 0o2775  # the origin may be another user of the same group


@dataclass(frozen=True, slots=True)
class Track:
    """One turn of somebody."""

    told: str
    """What the origin is told to write, without its ending."""
    path: Path
    """The file it should write, as this process sees it."""


class Tracks:
    """One part of a recording: a folder of `.mjr` files, one for each turn, and their index.

    The origin sees the folder as `there`, this process as `here`: usually the same path.
    """

    def __init__(self, here: Path, there: Path) -> None:
        self._here = here
        self._there = there
        self._turns = 0

    def begin(self, participant: str) -> Track:
        """Somebody may be heard from now on. Raises `OSError`."""
        self._turns += 1
        name = f"{participant}-{self._turns:04d}"
        track = Track(str(self._there / name), self._here / f"{name}-audio.mjr")
        if self._turns == 1:
            self._here.mkdir(parents=True, exist_ok=True)
            self._here.chmod(_SHARED)
        start = round(time.time(), 3)
        line = {"file": track.path.name, "participant": participant, "start": start}
        with (self._here / "index.jsonl").open("a", encoding="utf-8") as index:
            index.write(json.dumps(line) + "\n")
        return track
