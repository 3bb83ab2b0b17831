"""A transcript as WebVTT, SubRip, plain text and JSON."""

import json
from dataclasses import replace

from recordings.transcripts import (
    Change,
    Gap,
    Line,
    Transcript,
    as_json,
    plain_text,
    subrip,
    webvtt,
)

ADA = Line(1.5, 2.25, "Ada", "Bees dance.", "en", "p1")
BEN = Line(3661.0, 4.0, "Ben & <Co>", "Le api\n\nballano --> davvero", "it", "p2", original="Lapi")
TALK = Transcript("What bees --> do", (ADA, BEN), (Gap(10.0, 5.5),))


def test_webvtt_names_the_voice_of_each_cue_and_says_what_is_missing() -> None:
    assert webvtt(TALK) == (
        "WEBVTT What bees \u2192 do\n\n"
        "1\n00:00:01.500 --> 00:00:03.750\n<v Ada>Bees dance.\n\n"
        "2\n00:00:10.000 --> 00:00:15.500\n"
        "[From 0:10 to 0:16 nothing could be recorded.]\n\n"
        "3\n01:01:01.000 --> 01:01:05.000\n"
        "<v Ben &amp; &lt;Co&gt;>Le api ballano \u2192 davvero\n"
    )


def test_subrip_says_who_speaks_before_the_words_and_what_is_missing() -> None:
    assert subrip(TALK) == (
        "1\n00:00:01,500 --> 00:00:03,750\nAda: Bees dance.\n\n"
        "2\n00:00:10,000 --> 00:00:15,500\n"
        "[From 0:10 to 0:16 nothing could be recorded.]\n\n"
        "3\n01:01:01,000 --> 01:01:05,000\nBen & <Co>: Le api ballano \u2192 davvero\n"
    )


def test_plain_text_has_a_paragraph_for_each_turn() -> None:
    more = replace(ADA, start=4.0, text="Bees sing.")
    assert plain_text(replace(TALK, lines=(ADA, more, BEN))) == (
        "What bees \u2192 do\n\n"
        "[00:00:01] Ada: Bees dance. Bees sing.\n\n"
        "[From 0:10 to 0:16 nothing could be recorded.]\n\n"
        "[01:01:01] Ben & <Co>: Le api ballano \u2192 davvero\n"
    )


def test_json_has_times_speakers_and_the_original_of_what_was_corrected() -> None:
    assert json.loads(as_json(TALK)) == {
        "version": 1,
        "title": "What bees --> do",
        "gaps": [{"start": 10.0, "seconds": 5.5}],
        "lines": [
            {
                "start": 1.5,
                "end": 3.75,
                "name": "Ada",
                "text": "Bees dance.",
                "speaker": "p1",
                "language": "en",
            },
            {
                "start": 3661.0,
                "end": 3665.0,
                "name": "Ben & <Co>",
                "text": "Le api\n\nballano --> davvero",
                "speaker": "p2",
                "language": "it",
                "original": "Lapi",
            },
        ],
    }


def test_json_tells_each_correction_of_a_line() -> None:
    change = Change("2026-01-01T12:00:00.000+00:00", "Ada", "Bees dense.", "Bees dance.")
    lines = json.loads(as_json(Transcript("", (replace(ADA, corrections=(change,)),))))["lines"]
    assert lines[0]["corrections"] == [
        {"at": change.at, "by": "Ada", "before": "Bees dense.", "after": "Bees dance."}
    ]


def test_times_are_rounded_as_one_number() -> None:
    late = replace(ADA, start=59.9996, seconds=0.0)
    assert "00:01:00.000 --> 00:01:00.001" in webvtt(Transcript("", (late,)))


def test_an_empty_transcript_is_valid_in_every_form() -> None:
    nothing = Transcript("", ())
    assert webvtt(nothing) == "WEBVTT\n"
    assert subrip(nothing) == ""
    assert json.loads(as_json(nothing))["lines"] == []
