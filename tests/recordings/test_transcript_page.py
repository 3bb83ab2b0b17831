"""The transcript on its page and as files: who may have it, and what the host puts right."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import User
from recordings import bundle, policy, purge, replays
from recordings.bundle import Scope
from recordings.models import (
    AppendOnlyError,
    Correction,
    Recording,
    RecordingAccess,
    RecordingFile,
    TranscriptLine,
)
from tests.recordings.conftest import ENDED

FORMS = ["vtt", "srt", "txt", "json"]


@pytest.fixture
def transcribed(archived: Recording, host: User, speaker: User) -> Recording:
    """The host said one thing, the speaker another."""
    archived.room.transcription = True
    archived.room.save()
    people = archived.room.participants
    for user, start, language, text in (
        (host, 0.2, "en", "The bees are dense."),
        (speaker, 1.5, "it", "Le api ballano."),
    ):
        archived.lines.create(
            participant=people.get(user=user),
            start=start,
            seconds=1.0,
            language=language,
            text=text,
        )
    return archived


@pytest.fixture
def line(transcribed: Recording) -> TranscriptLine:
    """What was misheard."""
    return transcribed.lines.get(start=0.2)


def as_user(user: User | None) -> Browser:
    browser = Browser()
    if user:
        browser.force_login(user)
    return browser


def file_of(recording: Recording, form: str) -> str:
    return reverse("transcript_file", args=[recording.room.public_id, form])


def page_of(recording: Recording) -> str:
    return reverse("transcript", args=[recording.room.public_id])


def correct(line: TranscriptLine, by: User | None, text: str) -> int:
    address = reverse("transcript_correct", args=[line.pk])
    return as_user(by).post(address, {"text": text}).status_code


@pytest.mark.parametrize("form", FORMS)
def test_the_host_downloads_every_form(transcribed: Recording, host: User, form: str) -> None:
    response = as_user(host).get(file_of(transcribed, form))
    assert response.status_code == 200
    assert f".{form}" in response["Content-Disposition"]
    content = response.content.decode()
    for words in ("Host", "The bees are dense.", "Speaker", "Le api ballano."):
        assert words in content


def test_a_moderator_reads_it_and_that_is_noted(transcribed: Recording, moderator: User) -> None:
    assert as_user(moderator).get(page_of(transcribed)).status_code == 200
    assert as_user(moderator).get(file_of(transcribed, "txt")).status_code == 200
    access = RecordingAccess.objects.get(user=moderator)
    assert (access.recording, access.file_name) == (transcribed, "transcript")


def test_for_others_it_does_not_exist(
    transcribed: Recording, speaker: User, outsider: User
) -> None:
    for user in (speaker, outsider, None):
        for address in (page_of(transcribed), file_of(transcribed, "vtt")):
            assert as_user(user).get(address).status_code == 404


def test_who_may_hear_the_replay_reads_what_it_plays_and_no_originals(
    transcribed: Recording, host: User, outsider: User, line: TranscriptLine
) -> None:
    correct(line, host, "The bees dance.")
    replays.publish(recording=transcribed, by=host, in_feed=False)
    replays.trim(recording=transcribed, by=host, starts_at=1.0, ends_at=None)
    content = as_user(outsider).get(file_of(transcribed, "json")).content.decode()
    assert "dense" not in content
    assert [(each["start"], each["text"]) for each in json.loads(content)["lines"]] == [
        (0, "The bees dance."),
        (0.5, "Le api ballano."),
    ]
    assert as_user(outsider).get(page_of(transcribed)).status_code == 404


def test_where_nothing_was_to_be_written_down_there_is_no_transcript(
    archived: Recording, host: User
) -> None:
    assert as_user(host).get(page_of(archived)).status_code == 404
    assert as_user(host).get(file_of(archived, "txt")).status_code == 404


def test_a_correction_is_used_in_every_form_and_the_original_is_kept(
    transcribed: Recording, host: User, line: TranscriptLine
) -> None:
    assert correct(line, host, "  The bees\n dance. ") == 302
    line.refresh_from_db()
    assert (line.text, line.corrected_text) == ("The bees are dense.", "The bees dance.")
    for form in FORMS:
        content = as_user(host).get(file_of(transcribed, form)).content.decode()
        assert "The bees dance." in content
        assert ("dense" in content) == (form == "json")
    page = as_user(host).get(page_of(transcribed)).content.decode()
    assert "The bees dance." in page
    assert "The bees are dense." in page


def test_the_original_takes_a_correction_back(host: User, line: TranscriptLine) -> None:
    correct(line, host, "The bees dance.")
    correct(line, host, "The bees are dense.")
    line.refresh_from_db()
    assert (str(line), line.corrected_text) == ("The bees are dense.", "")
    page = as_user(host).get(page_of(line.recording)).content.decode()
    assert "Corrected, and taken back" in page
    assert "The bees dance." in page


def test_every_correction_is_kept_and_told_with_who_made_it(
    transcribed: Recording, host: User, line: TranscriptLine
) -> None:
    for text in ("The bees dance.", "The bees dance.", "The bees danced."):
        correct(line, host, text)
    kept = line.corrections.values_list("before", "after", "made_by")
    assert list(kept) == [
        ("The bees are dense.", "The bees dance.", host.pk),
        ("The bees dance.", "The bees danced.", host.pk),
    ]
    content = as_user(host).get(file_of(transcribed, "json")).content
    told = json.loads(content)["lines"][0]
    assert told["original"] == "The bees are dense."
    assert [(each["by"], each["after"]) for each in told["corrections"]] == [
        ("Host", "The bees dance."),
        ("Host", "The bees danced."),
    ]
    page = as_user(host).get(page_of(transcribed)).content.decode()
    for text in ("The bees are dense.", "The bees dance.", "The bees danced."):
        assert text in page


def test_a_correction_is_neither_changed_nor_deleted_but_goes_with_the_recording(
    transcribed: Recording, host: User, line: TranscriptLine
) -> None:
    correct(line, host, "The bees dance.")
    correction = line.corrections.get()
    for change in (
        correction.save,
        correction.delete,
        Correction.objects.all().delete,
        lambda: Correction.objects.update(after="The bees sleep."),
    ):
        with pytest.raises(AppendOnlyError):
            change()
    purge.purge(recording_id=transcribed.pk, now=ENDED + timedelta(days=30))
    assert not Correction.objects.exists()


def test_a_gap_is_told_on_the_page_at_its_place_and_in_every_form(
    transcribed: Recording, host: User
) -> None:
    transcribed.files.filter(kind=RecordingFile.Kind.MIX).update(gaps=[[1.25, 0.25]])
    gap = "From 0:01 to 0:02 nothing could be recorded."
    page = as_user(host).get(page_of(transcribed)).content.decode()
    assert page.index("The bees are dense.") < page.index(gap) < page.index("Le api ballano.")
    for form in ("vtt", "srt", "txt"):
        assert f"[{gap}]" in as_user(host).get(file_of(transcribed, form)).content.decode()
    told = json.loads(as_user(host).get(file_of(transcribed, "json")).content)
    assert told["gaps"] == [{"start": 1.25, "seconds": 0.25}]
    data = as_user(host).get(reverse("replay_data", args=[transcribed.room.public_id])).json()
    assert [line["text"] for line in data["lines"]] == [
        "The bees are dense.",
        gap,
        "Le api ballano.",
    ]


def test_nobody_but_the_host_corrects(
    line: TranscriptLine, speaker: User, moderator: User, outsider: User
) -> None:
    for user in (speaker, moderator, outsider, None):
        correct(line, user, "I never said that.")
    line.refresh_from_db()
    assert line.corrected_text == ""
    assert not policy.can_correct(moderator, line.recording.room)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 1001])
def test_a_line_is_not_emptied_nor_made_endless(
    host: User, line: TranscriptLine, text: str
) -> None:
    correct(line, host, text)
    line.refresh_from_db()
    assert line.corrected_text == ""
    assert not line.corrections.exists()


def test_after_the_purge_or_the_end_of_the_replay_nothing_is_corrected(
    transcribed: Recording, host: User, line: TranscriptLine
) -> None:
    Recording.objects.update(state=Recording.State.PURGING)
    correct(line, host, "Too late.")
    Recording.objects.update(state=Recording.State.READY)
    replays.delete(recording=transcribed, by=host)
    assert correct(line, host, "Too late.") == 404
    line.refresh_from_db()
    assert line.corrected_text == ""


def test_the_host_opens_one_line_at_a_time_and_moderators_none(
    transcribed: Recording, host: User, moderator: User, line: TranscriptLine
) -> None:
    address = f"{page_of(transcribed)}?line={line.pk}"
    assert as_user(host).get(address).content.decode().count("<textarea") == 1
    assert "<textarea" not in as_user(host).get(page_of(transcribed)).content.decode()
    assert "<textarea" not in as_user(moderator).get(address).content.decode()


def test_the_page_of_the_space_offers_it_to_those_who_may_have_it(
    transcribed: Recording, host: User, outsider: User
) -> None:
    address = reverse("room_recording", args=[transcribed.room.public_id])
    assert "Read and correct the transcript" in as_user(host).get(address).content.decode()
    assert "transcript" not in as_user(outsider).get(address).content.decode().lower()


def test_the_bundle_holds_every_form_and_each_participant_their_own_lines(
    transcribed: Recording, speaker: User, tmp_path: Path
) -> None:
    own = transcribed.room.participants.get(user=speaker)
    for participant, expected in ((None, 2), (own, 1)):
        target = tmp_path / f"{expected}.zip"
        bundle.write(Scope(transcribed, participant), target, lambda _percent: None)
        with zipfile.ZipFile(target) as archive:
            names = {name for name in archive.namelist() if name.startswith("transcript/")}
            assert names == {f"transcript/transcript.{form}" for form in FORMS}
            lines = json.loads(archive.read("transcript/transcript.json"))["lines"]
            assert len(lines) == expected
