"""A transcript in the forms that players, editors and programs read. Pure: lines in, text out.

Sources: WebVTT (https://www.w3.org/TR/webvtt1/), SubRip as players read it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _


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

    @property
    def end(self) -> float:
        """Seconds."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nothing could be recorded."""

    start: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """All lines by time, on one clock."""

    title: str
    lines: Sequence[Line]
    gaps: Sequence[Gap] = ()


def webvtt(transcript: Transcript) -> str:
    """Subtitles with voices; gaps are comments."""
    blocks = [f"WEBVTT {_one_line(transcript.title)}".rstrip()]
    blocks += [f"NOTE {_gap_sentence(gap)}" for gap in transcript.gaps]
    for number, line in enumerate(transcript.lines, 1):
        voice = f"<v {_escaped(line.name)}>" if line.name else ""
        times = f"{_clock(line.start, '.')} --> {_clock(_end(line), '.')}"
        blocks.append(f"{number}\n{times}\n{voice}{_escaped(line.text)}")
    return "\n\n".join(blocks) + "\n"


def subrip(transcript: Transcript) -> str:
    """Subtitles for players that know no WebVTT; the name stands before the words."""
    blocks = []
    for number, line in enumerate(transcript.lines, 1):
        times = f"{_clock(line.start, ',')} --> {_clock(_end(line), ',')}"
        blocks.append(f"{number}\n{times}\n{_spoken(line)}\n")
    return "\n".join(blocks)


def plain_text(transcript: Transcript) -> str:
    """To read and to quote: a paragraph for each turn, with the time it begins at."""
    paragraphs = [_one_line(transcript.title)]
    entries: list[Line | Gap] = sorted(
        [*transcript.lines, *transcript.gaps], key=lambda entry: entry.start
    )
    before = None
    for entry in entries:
        if isinstance(entry, Gap):
            paragraphs.append(f"[{_gap_sentence(entry)}]")
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
    entry: dict[str, object] = {
        "start": round(line.start, 3),
        "end": round(line.end, 3),
        "name": line.name,
        "text": line.text,
    }
    optional = {"speaker": line.speaker, "language": line.language, "original": line.original}
    return entry | {key: value for key, value in optional.items() if value}


def _spoken(line: Line) -> str:
    return f"{line.name}: {_one_line(line.text)}" if line.name else _one_line(line.text)


def _gap_sentence(gap: Gap) -> str:
    times = {"start": _clock(gap.start, ".")[:8], "end": _clock(gap.start + gap.seconds, ".")[:8]}
    return _("From %(start)s to %(end)s nothing could be recorded.") % times


def _end(line: Line) -> float:
    return max(line.end, line.start + 0.001)  # a cue that ends where it begins is none


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
