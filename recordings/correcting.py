"""What the host puts right in a transcript. The original, and each change, is kept beside it."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from accounts.models import User
from recordings import policy
from recordings.models import Recording, TranscriptLine

LONGEST = 1000
"""Characters of a line."""


@transaction.atomic
def correct_line(*, line_id: int, by: User, text: str) -> TranscriptLine:
    """Write how a line should read, and who said so when; the original takes that back.

    Raises `not_allowed`, `gone`, `bad_text`.
    """
    recording = Recording.objects.select_for_update().get(lines=line_id)
    line = recording.lines.select_related("recording__room").get(pk=line_id)
    if not policy.can_correct(by, line.recording.room):
        raise DomainError("not_allowed", _("Only the host can correct the transcript."))
    if not recording.is_kept:
        raise DomainError("gone", _("The recording is not kept any more."))
    wanted = " ".join(text.split())
    if not wanted or len(wanted) > LONGEST:
        raise DomainError("bad_text", _("Write what was said, in at most 1000 characters."))
    before = str(line)
    if wanted != before:
        line.corrected_text = "" if wanted == line.text else wanted
        line.save(update_fields=["corrected_text"])
        line.corrections.create(before=before, after=wanted, made_by=by)
    return line
