"""What the page of a replay shows: sound, shape, chapters and words, on the clock of the replay."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from recordings import policy, replays, waveform
from recordings.forms import ClipForm, TrimForm
from recordings.models import Clip, Recording, RecordingFile, Replay
from recordings.presentation import clock, gap_lines
from recordings.replays import Span
from recordings.transcripts import Gap
from rooms.models import Room

SPEEDS = (0.5, 0.75, 1, 1.25, 1.5, 1.75, 2)


@dataclass(frozen=True, slots=True)
class ReplayView:
    """What the page around the player says, and offers to whom."""

    is_public: bool
    in_feed: bool
    deleted: bool
    withdrawn: bool
    is_being_cut: bool
    m4a: bool
    may_clip: bool
    gap_lines: list[str]
    clips: list[Clip]
    speeds: tuple[float, ...]
    clip_form: ClipForm
    trim_form: TrimForm


@dataclass(frozen=True, slots=True)
class Lane:
    """One speaker."""

    name: str
    levels: str
    """As those of `ReplayData`, for this voice."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Somebody's turn, or words, from `start` on for `seconds`."""

    start: float
    seconds: float
    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReplayData:
    """What the player asks for: seconds, and levels as bytes in Base64.

    Of a level 255 is full scale, and 4 less are a decibel less.
    """

    seconds: float
    level_seconds: float
    levels: str
    lane_seconds: float
    lanes: list[Lane]
    chapters: list[Stretch]
    lines: list[Stretch]
    gaps: list[list[float]]


def replay_view(room: Room, user: User | AnonymousUser) -> ReplayView | None:
    """What the page of an ended room shows `user` of its replay; None where there is none."""
    recording = Recording.objects.filter(room=room).select_related("room__host").first()
    if recording is None:
        return None
    replay = replays.readable(recording, user)
    if replay is None and policy.is_host(user, room) and policy.has_deleted(room):
        replay = Replay.objects.get(recording=recording)  # to say that it is deleted
    return _view(replay, user) if replay else None


def _view(replay: Replay, user: User | AnonymousUser) -> ReplayView:
    recording, span = replay.recording, replays.span(replay)
    ends_at = "" if replay.ends_at is None else clock(replay.ends_at)
    trim = {"starts_at": clock(replay.starts_at), "ends_at": ends_at}
    return ReplayView(
        is_public=replay.is_public,
        in_feed=replay.in_feed,
        deleted=replay.deleted_at is not None,
        withdrawn=replay.withdrawn_at is not None,
        is_being_cut=replays.is_being_cut(recording),
        m4a=replays.source(replay, RecordingFile.Kind.M4A) is not None,
        may_clip=user.is_authenticated and replay.is_public,
        gap_lines=gap_lines(gaps(replay), span.seconds),
        clips=replays.clips(replay) if replay.is_public else [],
        speeds=SPEEDS,
        clip_form=ClipForm(),
        trim_form=TrimForm(initial=trim),
    )


def data(replay: Replay) -> ReplayData:
    """All of it."""
    recording, span = replay.recording, replays.span(replay)
    shape = waveform.read(recording)
    names = _names(replay)
    return ReplayData(
        seconds=round(span.seconds, 2),
        level_seconds=shape.interval,
        levels=_encoded(shape.levels, shape.interval, span),
        lane_seconds=shape.speaker_interval,
        lanes=[
            Lane(name, _encoded(shape.speakers[who], shape.speaker_interval, span))
            for who, name in names.items()
            if who in shape.speakers
        ],
        chapters=chapters(replay, names),
        lines=_words(replay),
        gaps=gaps(replay),
    )


def chapters(replay: Replay, names: dict[str, str] | None = None) -> list[Stretch]:
    """The speakers' turns."""
    known = _names(replay) if names is None else names
    span = replays.span(replay)
    turns = [
        _within(span, Stretch(start, seconds, known.get(who) or _("A speaker")))
        for start, seconds, who in replay.recording.chapters
    ]
    return [turn for turn in turns if turn is not None]


def lines(replay: Replay) -> list[Stretch]:
    """The transcript, corrected where it was."""
    span = replays.span(replay)
    found = [
        _within(
            span,
            Stretch(
                line.start,
                line.seconds,
                line.participant.name if line.participant else "",
                line.corrected_text or line.text,
            ),
        )
        for line in replay.recording.lines.select_related("participant__user")
    ]
    return [line for line in found if line is not None]


def _words(replay: Replay) -> list[Stretch]:
    """The transcript as it is shown: where nothing could be recorded it says so."""
    said = lines(replay)
    if not said:
        return []
    missing = [Gap(start, seconds) for start, seconds in gaps(replay)]
    told = [Stretch(gap.start, gap.seconds, "", gap.sentence) for gap in missing]
    return sorted([*told, *said], key=lambda stretch: stretch.start)


def clip_times(clip: Clip, replay: Replay) -> dict[str, float]:
    """Where the clip lies in the sound of the replay."""
    begin = clip.start - replays.span(replay).start
    return {"begin": round(begin, 2), "end": round(begin + clip.seconds, 2)}


def file_stem(replay: Replay) -> str:
    """The name of a downloaded replay, without its suffix."""
    room = replay.recording.room
    return "-".join([f"{room.created_at:%Y-%m-%d}", slugify(room.title, allow_unicode=True)])


def published_at(replay: Replay) -> datetime:
    """For feeds, which list public ones alone."""
    return replay.published_at or replay.recording.room.created_at


def _names(replay: Replay) -> dict[str, str]:
    """Of those who have a track, by public id, in the order of joining."""
    tracks = replay.recording.files.filter(kind=RecordingFile.Kind.TRACK)
    in_order = tracks.order_by("participant__joined_at", "participant")
    people = [file.participant for file in in_order.select_related("participant__user")]
    return {person.public_id: person.name for person in people if person is not None}


def _within(span: Span, stretch: Stretch) -> Stretch | None:
    """The part of it that the replay covers, on the replay's clock."""
    start = max(stretch.start, span.start)
    end = min(stretch.start + stretch.seconds, span.end)
    if end <= start:
        return None
    return Stretch(round(start - span.start, 2), round(end - start, 2), stretch.name, stretch.text)


def _encoded(levels: bytes, interval: float, span: Span) -> str:
    part = levels[round(span.start / interval) : round(span.end / interval)]
    return b64encode(part).decode()


def gaps(replay: Replay) -> list[list[float]]:
    """Those in what the replay covers; one after its last sound too, unless that was cut away."""
    span = replays.span(replay)
    mix = replay.recording.files.get(kind=RecordingFile.Kind.MIX)
    end = float("inf") if replay.ends_at is None else span.end
    covered = Span(span.start, end)
    found = [_within(covered, Stretch(start, seconds, "")) for start, seconds in mix.gaps]
    return [[gap.start, gap.seconds] for gap in found if gap is not None]
