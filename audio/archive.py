"""From the parts a room left behind to one file for the mix and one for each participant.

Nothing is decoded or encoded: packets are copied, and what is missing or damaged is filled with
packets of silence. All files begin at the same moment, the start of the first part, so they can
be played side by side. Memory use does not depend on the length of the recording.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audio import mjr
from audio.ids import MIX
from audio.ogg import PRE_SKIP, OggOpusWriter, read_timed
from audio.opus import FRAME, SAMPLE_RATE, SILENCE

_HEADERS = 200  # bytes that a file without any sound has at most
_FLUSH_EVERY = 3000  # packets, a minute of sound


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of silence in place of what nobody recorded, or of what is damaged."""

    start: float
    """Seconds after the start of the recording."""
    seconds: float
    """How long it lasted."""


@dataclass(frozen=True, slots=True)
class AssembledFile:
    """One finished file."""

    path: Path
    participant: str | None
    """`None` for the mix."""
    started_at: float
    """Unix time of the first sample, the same for all files of a room."""
    seconds: float
    """Length of the sound, filled-in silence included."""
    gaps: tuple[Gap, ...]
    """Those of the mix as far as they lie within this file, and what of this one is damaged."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One recorded file of one part."""

    path: Path
    participant: str | None
    start: float


def assemble(room_folder: Path, target: Path) -> Iterator[AssembledFile]:
    """Write `<target>/mix.ogg`, then `<target>/<participant>.ogg` of each, one at each step.

    `room_folder` is `<spool>/<room>`, of a room that is closed; `target` is made when missing,
    and files of an earlier attempt are overwritten. What is damaged, as the tail after a crash, is
    left out. Yields nothing when no sound was recorded. Raises `OSError`.
    """
    pieces = _find_pieces(room_folder)
    if not pieces:
        return
    origin = pieces[0].start
    target.mkdir(parents=True, exist_ok=True)
    gaps: list[Gap] = []
    for participant in sorted({piece.participant for piece in pieces}, key=_mix_first):
        own = [piece for piece in pieces if piece.participant == participant]
        path = target / f"{MIX if participant is None else participant}.ogg"
        samples, own_gaps = _join(own, origin, path)
        if participant is None:
            gaps = own_gaps
        seconds = samples / SAMPLE_RATE
        within = {gap for gap in (*gaps, *own_gaps) if gap.start < seconds}
        in_order = tuple(sorted(within, key=lambda gap: gap.start))
        yield AssembledFile(path, participant, origin, seconds, in_order)


def sound_bytes(room_folder: Path) -> int:
    """The size of all recorded files of a room, without what is there before the first sound."""
    pieces = (path for path in room_folder.glob("*/*") if path.suffix in (".ogg", ".mjr"))
    return sum(max(0, path.stat().st_size - _HEADERS) for path in pieces)


def _mix_first(participant: str | None) -> str:
    return participant or ""


def _find_pieces(room_folder: Path) -> list[_Piece]:
    """Every recorded file, by time; one whose line in the index is lost begins with its part."""
    pieces = {}
    for path in room_folder.glob("*/*.ogg"):
        if path.parent.name.isdecimal():
            participant = None if path.stem == MIX else path.stem
            pieces[path] = _Piece(path, participant, int(path.parent.name) / 1000)
    for index in room_folder.glob("*/index.jsonl"):
        for line in index.read_text(encoding="utf-8", errors="replace").splitlines():
            piece = _read_line(index.parent, line)
            if piece is not None and piece.path.is_file():
                pieces[piece.path] = piece
    return sorted(pieces.values(), key=lambda piece: (piece.start, piece.path))


def _read_line(folder: Path, line: str) -> _Piece | None:
    try:
        entry = json.loads(line)
        return _Piece(folder / entry["file"], entry["participant"], float(entry["start"]))
    except (ValueError, KeyError, TypeError):
        return None


def _join(pieces: list[_Piece], origin: float, path: Path) -> tuple[int, list[Gap]]:
    """Write the pieces one after the other; returns the samples and the gaps to declare."""
    gaps: list[Gap] = []
    with path.open("wb") as file:
        writer = OggOpusWriter(file, serial=1)
        for number, packet in enumerate(_packets(pieces, origin, writer, gaps)):
            writer.add(packet)
            if number % _FLUSH_EVERY == 0:
                writer.flush()
        writer.finish()
    return max(0, writer.position - PRE_SKIP), gaps


def _packets(
    pieces: list[_Piece], origin: float, writer: OggOpusWriter, gaps: list[Gap]
) -> Iterator[bytes]:
    """The packets of all pieces with silence between; notes down which of it is a gap.

    The mix is there whenever an engine is. A speaker's track is not, and declares only what is
    missing within a piece.
    """
    for piece in pieces:
        begin = round((piece.start - origin) * SAMPLE_RATE)
        for offset, packet in _read(piece):
            missing = (begin + offset - writer.position + FRAME // 2) // FRAME
            if missing > 0 and (piece.participant is None or offset > 0):
                start, seconds = writer.position / SAMPLE_RATE, missing * FRAME / SAMPLE_RATE
                gaps.append(Gap(round(start, 3), round(seconds, 3)))
            for _ in range(missing):
                yield SILENCE
            yield packet


def _read(piece: _Piece) -> Iterator[tuple[int, bytes]]:
    """Each packet with its distance from the start of the piece, in samples."""
    with piece.path.open("rb") as file:
        yield from mjr.read_timed(file) if piece.path.suffix == ".mjr" else read_timed(file)
