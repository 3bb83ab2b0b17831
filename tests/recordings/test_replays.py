"""A host lets others hear a Space again."""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import av
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.test import Client

from accounts.models import Block, Suspension, User
from recordings import exports, purge, replays
from recordings.models import Clip, Export, Recording, RecordingFile, Replay, recordings_storage
from recordings.tasks import sweep_exports
from rooms.models import Room
from tests.recordings.conftest import ENDED

pytestmark = pytest.mark.django_db(transaction=True)
Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, archived: Recording) -> None:
    """The messages of the broker are not needed: the sweep finds the rows."""
    monkeypatch.setattr("recordings.replay_views.send_export", lambda export_id: None)
    monkeypatch.setattr(
        "recordings.tasks.send_export", lambda export_id: exports.build(export_id=export_id)
    )


@pytest.fixture
def browser_of() -> Browser:
    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return logged_in


@pytest.fixture
def published(archived: Recording, host: User) -> Recording:
    replays.publish(recording=archived, by=host, in_feed=True)
    return archived


def address(recording: Recording, name: str) -> str:
    return f"/spaces/{recording.room.public_id}/{name}"


def change(client: Client, recording: Recording, action: str, **data: str) -> str:
    answer = client.post(address(recording, "replay/"), {"action": action, **data}, follow=True)
    return answer.content.decode()


def status(client: Client, recording: Recording) -> int:
    return client.head(address(recording, "replay.ogg"), follow=True).status_code


def fragment(client: Client, recording: Recording) -> str:
    answer = client.get(address(recording, "recording/"), headers={"X-Fragment": "1"})
    return answer.content.decode()


def seconds_of(client: Client, recording: Recording) -> float:
    """What the player says, and what the file really holds."""
    said = client.get(address(recording, "replay.json")).json()["seconds"]
    source = replays.source(Replay.objects.get(recording=recording), RecordingFile.Kind.MIX)
    assert source is not None
    with recordings_storage().open(source.name) as stored:
        content = io.BytesIO(stored.read())
    with av.open(content, "r") as sound:
        frames = list(sound.decode(audio=0))
    assert sum(frame.samples for frame in frames) / 48_000 == pytest.approx(said, abs=0.1)
    return float(said)


def test_before_it_is_published_only_the_host_hears_it(
    browser_of: Browser, archived: Recording, host: User, speaker: User
) -> None:
    assert status(browser_of(host), archived) == 200
    for stranger in (browser_of(speaker), Client()):
        assert status(stranger, archived) == 404
        assert stranger.get(address(archived, "replay.json")).status_code == 404
        assert "space-replay" not in fragment(stranger, archived)


def test_published_everybody_hears_it(browser_of: Browser, archived: Recording, host: User) -> None:
    assert "Everybody can hear the replay now." in change(browser_of(host), archived, "publish")
    assert status(Client(), archived) == 200
    assert "space-replay" in fragment(Client(), archived)
    change(browser_of(host), archived, "unpublish")
    assert status(Client(), archived) == 404


def test_whom_the_host_blocked_does_not(
    browser_of: Browser, published: Recording, host: User, listener: User
) -> None:
    Block.objects.create(blocker=host, blocked=listener)
    assert status(browser_of(listener), published) == 404


@pytest.mark.parametrize("action", ["unpublish", "trim", "delete"])
def test_who_was_sent_to_the_sound_hears_no_more_once_it_is_taken_back(
    action: str, browser_of: Browser, published: Recording, host: User, listener: User
) -> None:
    stored = browser_of(listener).get(address(published, "replay.ogg")).headers["Location"]
    assert Client().head(stored).status_code == 200
    change(browser_of(host), published, action, starts_at="0:01")
    assert Client().head(stored).status_code == 404


def test_whom_the_host_blocks_hears_no_more_and_others_do(
    browser_of: Browser, published: Recording, host: User, listener: User
) -> None:
    of_listener = browser_of(listener).get(address(published, "replay.ogg")).headers["Location"]
    of_guest = Client().get(address(published, "replay.ogg")).headers["Location"]
    Block.objects.create(blocker=host, blocked=listener)
    assert Client().head(of_listener).status_code == 404
    assert Client().head(of_guest).status_code == 200


def test_while_the_host_is_suspended_nobody_does(published: Recording, host: User) -> None:
    Suspension.objects.create(user=host, reason="Abuse")
    assert status(Client(), published) == 404
    assert "<item>" not in Client().get("/@host/podcast.xml").content.decode()


def test_only_the_host_changes_it(
    browser_of: Browser, published: Recording, speaker: User, moderator: User
) -> None:
    for other in (speaker, moderator):
        assert "Only the host can do this." in change(browser_of(other), published, "delete")
    answer = Client().post(address(published, "replay/"), {"action": "delete"})
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert status(Client(), published) == 200


def test_a_trimmed_replay_holds_nothing_of_what_was_cut_away(
    browser_of: Browser, published: Recording, host: User
) -> None:
    page = change(browser_of(host), published, "trim", starts_at="0:01", ends_at="0:02.5")
    assert "The replay is being cut." in page
    assert status(Client(), published) == 404
    sweep_exports()
    assert status(Client(), published) == 200
    assert seconds_of(Client(), published) == 1.5


def test_a_trim_taken_back_is_the_whole_again(
    browser_of: Browser, published: Recording, host: User
) -> None:
    change(browser_of(host), published, "trim", starts_at="0:01")
    sweep_exports()
    cut = Export.objects.get(kind=Export.Kind.REPLAY_OGG)
    change(browser_of(host), published, "trim", starts_at="0:00", ends_at="")
    assert not recordings_storage().exists(cut.name)
    assert seconds_of(Client(), published) == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "said"),
    [
        ("0:02", "0:01", "The end must come after the beginning."),
        ("9:00", "", "The end must come after the beginning."),
        ("-0:01", "", "Write times as"),
        ("soon", "", "Write times as"),
    ],
)
def test_a_trim_that_makes_no_sense_is_refused(
    browser_of: Browser, published: Recording, host: User, starts_at: str, ends_at: str, said: str
) -> None:
    page = change(browser_of(host), published, "trim", starts_at=starts_at, ends_at=ends_at)
    assert said in page
    assert not Replay.objects.get().is_trimmed


def test_chapters_lines_and_levels_are_on_the_clock_of_the_replay(
    browser_of: Browser, published: Recording, host: User, speaker: User
) -> None:
    who = published.room.participants.get(user=speaker)
    Recording.objects.update(chapters=[[0.0, 1.5, "gone"], [1.5, 1.5, who.public_id]])
    published.lines.create(participant=who, start=1.5, seconds=1, language="en", text="Helo")
    published.lines.update(corrected_text="Hello")
    published.lines.create(participant=who, start=0.1, seconds=0.5, language="en", text="Cut off")
    levels = bytes(range(0, 60, 2))
    peaks = {
        "interval": 0.1,
        "levels": b64encode(levels).decode(),
        "speaker_interval": 0.2,
        "speakers": [{"participant": who.public_id, "levels": b64encode(levels[::2]).decode()}],
    }
    published.files.filter(kind="peaks").delete()
    name = recordings_storage().save("peaks.json", ContentFile(json.dumps(peaks).encode()))
    published.files.create(kind="peaks", file=name, size=1, sha256="0" * 64, seconds=3.0)
    change(browser_of(host), published, "trim", starts_at="0:01")

    data = browser_of(host).get(address(published, "replay.json")).json()
    assert data["seconds"] == pytest.approx(2.0, abs=0.1)
    chapter = data["chapters"][1]
    assert (chapter["start"], chapter["name"]) == (0.5, "Speaker")
    assert chapter["seconds"] == pytest.approx(1.5, abs=0.1)
    assert data["lines"] == [{"start": 0.5, "seconds": 1.0, "name": "Speaker", "text": "Hello"}]
    assert data["levels"] == b64encode(levels[10:]).decode()
    assert data["lanes"] == [{"name": "Speaker", "levels": b64encode(levels[::2][5:]).decode()}]


def test_deleted_it_is_gone_for_the_host_too_and_the_copy_stays_its_time(
    browser_of: Browser, published: Recording, host: User, moderator: User
) -> None:
    mix = published.files.get(kind="mix")
    assert "The replay is deleted." in change(browser_of(host), published, "delete")
    assert status(Client(), published) == 404
    assert status(browser_of(host), published) == 404
    assert browser_of(host).head(f"/recordings/files/{mix.pk}/").status_code == 404
    assert browser_of(moderator).head(f"/recordings/files/{mix.pk}/").status_code == 307
    page = fragment(browser_of(host), published)
    assert "You deleted the replay. A copy for reviews is kept until" in page
    assert "Download everything" not in page
    assert "You deleted this replay." in change(browser_of(host), published, "publish")
    assert not purge.purge(recording_id=published.pk, now=ENDED + timedelta(days=29))


def test_with_the_purge_everything_of_it_goes(published: Recording, host: User) -> None:
    replays.make_clip(
        replay=Replay.objects.get(), by=host, title="The best", start=0.0, seconds=2.0
    )
    replays.trim(recording=published, by=host, starts_at=0.5, ends_at=None)
    sweep_exports()
    cut = Export.objects.get(kind=Export.Kind.REPLAY_OGG)
    assert purge.purge(recording_id=published.pk, now=ENDED + timedelta(days=31))
    assert not recordings_storage().exists(cut.name)
    assert not Replay.objects.exists()
    assert not Clip.objects.exists()
    assert status(Client(), published) == 404


def test_a_moderator_withdraws_it_and_gives_it_back(
    browser_of: Browser, published: Recording, host: User, moderator: User
) -> None:
    desk, replay = browser_of(moderator), Replay.objects.get()

    def act(action: str) -> None:
        data = {"action": action, "_selected_action": [replay.pk]}
        assert desk.post("/admin/recordings/replay/", data).status_code == 302

    act("withdraw")
    assert status(Client(), published) == 404
    assert "A moderator withdrew this replay." in change(browser_of(host), published, "publish")
    act("restore")
    assert status(Client(), published) == 200
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "Withdrawn.",
        "Given back.",
    ]


def test_a_room_that_is_live_has_none(host: User) -> None:
    room = Room.objects.create(host=host, title="Still talking")
    assert Client().get(f"/spaces/{room.public_id}/replay.ogg").status_code == 404
    assert Client().get("/spaces/nowhere/replay.json").status_code == 404
