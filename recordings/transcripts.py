"""A transcript in the forms that players, editors and programs read. Pure: lines in, text out.

Sources: WebVTT (https://www.w3.org/TR/webvtt1/), SubRip as players read it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import ceil, floor

from django.utils.translation import gettext as _

from recordings.presentation import clock


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody said, from `start` on for `seconds`."""

    start: float
    seconds: float
    name: str
    text: str
    """As it is to be read: corrected where somebody corrected it."""
    language: str = ""
    """ISO 639-1; empty where it does not matter."""
    speaker: str = ""
    """The participant's public id."""
    original: str = ""
    """As it was understood, where `text` is a correction."""
    corrections: Sequence["Change"] = ()
    """All of them, also those that were taken back, the first one first."""

    @property
    def end(self) -> float:
        """Seconds."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Change:
    """One correction of a line."""

    at: str
    """ISO 8601, in UTC."""
    by: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nothing could be recorded."""

    start: float
    seconds: float

    @property
    def end(self) -> float:
        """Seconds."""
        return self.start + self.seconds

    @property
    def sentence(self) -> str:
        """What people read in its place."""
        times = {"start": clock(floor(self.start)), "end": clock(ceil(self.end))}
        return _("From %(start)s to %(end)s nothing could be recorded.") % times


@dataclass(frozen=True, slots=True)
class Transcript:
    """All lines by time, on one clock."""

    title: str
    lines: Sequence[Line]
    gaps: Sequence[Gap] = ()

    @property
    def entries(self) -> list[Line | Gap]:
        """Both, by time."""
        return sorted([*self.gaps, *self.lines], key=lambda entry: entry.start)


def webvtt(transcript: Transcript) -> str:
    """Subtitles with voices; gaps are cues in brackets, and nobody's."""
    blocks = [f"WEBVTT {_one_line(transcript.title)}".rstrip()]
    for number, entry in enumerate(transcript.entries, 1):
        times = f"{_clock(entry.start, '.')} --> {_clock(_end(entry), '.')}"
        blocks.append(f"{number}\n{times}\n{_voice(entry)}")
    return "\n\n".join(blocks) + "\n"


def subrip(transcript: Transcript) -> str:
    """Subtitles for players that know no WebVTT; the name stands before the words."""
    blocks = []
    for number, entry in enumerate(transcript.entries, 1):
        times = f"{_clock(entry.start, ',')} --> {_clock(_end(entry), ',')}"
        blocks.append(f"{number}\n{times}\n{_spoken(entry)}\n")
    return "\n".join(blocks)


def plain_text(transcript: Transcript) -> str:
    """To read and to quote: a paragraph for each turn, with the time it begins at."""
    paragraphs = [_one_line(transcript.title)]
    before = None
    for entry in transcript.entries:
        if isinstance(entry, Gap):
            paragraphs.append(_spoken(entry))
            before = None
        elif entry.name and entry.name == before:
            paragraphs[-1] += f" {_one_line(entry.text)}"
        else:
            paragraphs.append(f"[{_clock(entry.start, '.')[:8]}] {_spoken(entry)}")
            before = entry.name
    return "\n\n".join(paragraphs) + "\n"


def as_json(transcript: Transcript) -> str:
    """For programs: times in seconds, speakers, languages, and what was corrected."""
    return json.dumps(
        {
            "version": 1,
            "title": transcript.title,
            "gaps": [{"start": gap.start, "seconds": gap.seconds} for gap in transcript.gaps],
            "lines": [_entry(line) for line in transcript.lines],
        },
        ensure_ascii=False,
        indent=1,
    )


FORMS: dict[str, tuple[str, Callable[[Transcript], str]]] = {
    "vtt": ("text/vtt; charset=utf-8", webvtt),
    "srt": ("application/x-subrip; charset=utf-8", subrip),
    "txt": ("text/plain; charset=utf-8", plain_text),
    "json": ("application/json", as_json),
}
"""By the ending of a file's name: its media type, and what makes it."""


def _entry(line: Line) -> dict[str, object]:
    corrections = [asdict(change) for change in line.corrections]
    entry: dict[str, object] = {
        "start": round(line.start, 3),
        "end": round(line.end, 3),
        "name": line.name,
        "text": line.text,
    }
    optional = {
        "speaker": line.speaker,
        "language": line.language,
        "original": line.original,
        "corrections": corrections,
    }
    return entry | {key: value for key, value in optional.items() if value}


def _spoken(entry: Line | Gap) -> str:
    if isinstance(entry, Gap):
        return f"[{entry.sentence}]"
    return f"{entry.name}: {_one_line(entry.text)}" if entry.name else _one_line(entry.text)


def _voice(entry: Line | Gap) -> str:
    if isinstance(entry, Gap):
        return _escaped(_spoken(entry))
    return (f"<v {_escaped(entry.name)}>" if entry.name else "") + _escaped(entry.text)


def _end(entry: Line | Gap) -> float:
    return max(entry.end, entry.start + 0.001)  # a cue that ends where it begins is none


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"


def _one_line(text: str) -> str:
    """Without line ends: an empty line would end a cue. `-->` means a time to subtitles."""
    return " ".join(text.split()).replace("-->", "\u2192")


def _escaped(text: str) -> str:
    """In a cue, markup is nothing that was said."""
    one_line = _one_line(text)
    return one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
