"""docs/websocket.md says exactly what the code has."""

import re

import pytest
from django.conf import settings

from rooms import consumers, reactions
from rooms.board import TOP, CaptionLine, OwnQuestions, PinData, QuestionData, Questions
from rooms.commands import COMMANDS
from rooms.errors import CLOSE_CODES, PAGE_CODES, Code
from rooms.events import Why
from rooms.live_board import QuestionChanges
from rooms.messages import MAX_ID, MAX_MESSAGE, Event
from rooms.models import Room
from rooms.operations import questions
from rooms.operations.captions import CAPTIONS_KEPT
from rooms.operations.pins import MAX_PINS
from rooms.snapshots import Audience, Hand, Person, RoomData, You
from rooms.written import MAX_LINE, MAX_LINK, ReactionCount

PAGE = (settings.BASE_DIR / "docs" / "websocket.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_commands_and_their_arguments() -> None:
    described = {name: set(names(row[1])) for row in rows("Commands") for name in names(row[0])}
    assert described == {name: {*spec.arguments, *spec.optional} for name, spec in COMMANDS.items()}


def test_the_optional_arguments() -> None:
    optional = {name for spec in COMMANDS.values() for name in spec.optional}
    assert {row[1].partition(",")[0] for row in rows("Commands") if "optional" in row[1]} == {
        f"`{name}`" for name in optional
    }


def test_the_events() -> None:
    assert [name for row in rows("Events") for name in names(row[0])] == list(Event)


def test_the_reasons_of_you_changed() -> None:
    paragraph = PAGE.split("`why` of `you.changed` is ")[1].split("\n\n")[0]
    assert sorted(names(paragraph)) == sorted(Why)


def test_the_reasons_of_an_end() -> None:
    (cell,) = [row[1] for row in rows("Events") if names(row[0]) == ["room.ended"]]
    assert names(cell)[1:] == Room.EndReason.values


def test_the_reactions() -> None:
    (row,) = [row for row in rows("Commands") if names(row[0]) == ["reaction.send"]]
    assert set(row[3].split(": ")[1].split(" (")[0].split()) == {
        emoji for emoji in reactions.KINDS if not set(emoji) & set("🏻🏼🏽🏾🏿")
    }
    (row,) = [row for row in rows("Commands") if names(row[0]) == ["reactions.read"]]
    assert names(row[3])[1:] == ReactionCount.Kind.values


def test_the_error_codes() -> None:
    described = [name for row in rows("Error codes") for name in names(row[0])]
    assert sorted(described) == sorted(set(Code) - CLOSE_CODES.keys() - PAGE_CODES)


def test_the_close_codes_and_their_errors() -> None:
    described = [(names(row[1])[0], int(row[0])) for row in rows("Close codes")]
    assert sorted(described) == sorted((code.value, close) for code, close in CLOSE_CODES.items())


@pytest.mark.parametrize(
    "shape",
    [
        RoomData,
        Person,
        You,
        Hand,
        Audience,
        PinData,
        QuestionData,
        Questions,
        OwnQuestions,
        CaptionLine,
        QuestionChanges,
    ],
)
def test_the_keys_of_what_is_sent(shape: type) -> None:
    for key in shape.__annotations__:
        assert f'"{key}": ' in PAGE, key


@pytest.mark.parametrize(
    "sentence",
    [
        f"at most {MAX_MESSAGE // 1024} KiB",
        f"({MAX_ID} characters at most)",
        f"{consumers.BURST} messages at once and {consumers.PER_SECOND:g} a second",
        f"after {consumers.IGNORED} of these in a row",
        f"after {3 * consumers.HEARTBEAT_SECONDS} seconds",
        f'"heartbeat_seconds": {consumers.HEARTBEAT_SECONDS}',
        f"`RESUME_GRACE_SECONDS` ({settings.RESUME_GRACE_SECONDS})",
        f"the last {CAPTIONS_KEPT} lines",
        f"at most {MAX_PINS} at once",
        f"at most {TOP} questions",
        f"{questions.MAX_OPEN} open ones at once, {questions.MAX_ASKED} in ten minutes",
        f"1 to {MAX_LINE} characters",
        f"at most {MAX_LINK} characters",
        f"{reactions.BURST} reactions at once and {reactions.PER_SECOND:g} a second",
        f"`HOST_GRACE_SECONDS` ({settings.HOST_GRACE_SECONDS})",
    ],
)
def test_the_figures(sentence: str) -> None:
    assert sentence in PAGE
