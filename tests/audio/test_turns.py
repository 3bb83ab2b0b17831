"""Who had the floor when, from the levels of the speakers."""

from itertools import chain

import pytest

from audio.rendering import SPEAKER_INTERVAL
from audio.turns import SHORTEST_TURN, Turn, find_turns

LOUD, QUIET, SILENT = 190, 110, 0


def levels(*stretches: tuple[float, int]) -> bytes:
    """So many seconds at each level."""
    return bytes(
        chain.from_iterable([level] * round(s / SPEAKER_INTERVAL) for s, level in stretches)
    )


def who(turns: list[Turn]) -> list[tuple[str, float]]:
    return [(turn.speaker, turn.start) for turn in turns]


def test_turns_follow_each_other_until_the_end() -> None:
    talk = {"anna": levels((60, LOUD)), "bruno": levels((60, SILENT), (40, LOUD))}
    first, second = find_turns(talk, 100.0)
    assert (first.speaker, second.speaker) == ("anna", "bruno")
    assert first.start == pytest.approx(0, abs=1)
    assert second.start == pytest.approx(60, abs=1)
    assert first.start + first.seconds == pytest.approx(second.start)
    assert second.start + second.seconds == pytest.approx(100)


def test_an_interjection_interrupts_nobody() -> None:
    aha = SHORTEST_TURN - 3
    talk = {
        "anna": levels((30, LOUD), (aha, SILENT), (30, LOUD)),
        "bruno": levels((30, SILENT), (aha, LOUD), (30, SILENT)),
    }
    assert [speaker for speaker, _ in who(find_turns(talk, 62.0))] == ["anna"]


def test_a_pause_belongs_to_the_turn_before() -> None:
    talk = {"anna": levels((20, LOUD), (20, SILENT), (20, LOUD))}
    assert len(find_turns(talk, 60.0)) == 1


def test_a_quiet_voice_has_its_turn_and_noise_has_none() -> None:
    talk = {
        "anna": levels((30, QUIET), (30, SILENT)),
        "bruno": levels((30, SILENT), (30, LOUD)),
        "fan": levels((60, 40)),
    }
    assert [speaker for speaker, _ in who(find_turns(talk, 60.0))] == ["anna", "bruno"]


def test_an_open_microphone_beside_a_talker_is_not_speech() -> None:
    # Bruno hears Anna through his own microphone, 25 dB below his voice.
    talk = {
        "anna": levels((30, LOUD), (30, SILENT)),
        "bruno": levels((30, LOUD - 100), (30, LOUD)),
    }
    assert [speaker for speaker, _ in who(find_turns(talk, 60.0))] == ["anna", "bruno"]


@pytest.mark.parametrize("talk", [{}, {"anna": b""}, {"anna": levels((60, SILENT))}])
def test_where_nobody_talks_there_are_no_turns(talk: dict[str, bytes]) -> None:
    assert find_turns(talk, 60.0) == []
