"""For templates that show recordings: `{% load recording_tags %}`."""

from django import template

from recordings import presentation
from recordings.models import RecordingFile

register = template.Library()


@register.filter
def clock(seconds: float) -> str:
    """A length in seconds as `1:02:03` or `4:05`."""
    return presentation.clock(seconds)


@register.filter
def speaker_name(file: RecordingFile) -> str:
    """Whose voice a recording file holds."""
    return presentation.speaker_name(file)
