"""For templates that show recordings: `{% load recording_tags %}`."""

from django import template
from django.template.context import RequestContext

from recordings import presentation
from recordings.models import RecordingFile
from rooms.models import Room

register = template.Library()


@register.inclusion_tag("recordings/_recording.html", takes_context=True)
def room_recording(context: RequestContext, room: Room) -> dict[str, object]:
    """What has become of the recording of `room`, as the person looking may know it."""
    return {**presentation.recording_context(room, context["request"].user)}


@register.filter
def clock(seconds: float) -> str:
    """A length in seconds as `1:02:03` or `4:05`."""
    return presentation.clock(seconds)


@register.filter
def speaker_name(file: RecordingFile) -> str:
    """Whose voice a recording file holds."""
    return presentation.speaker_name(file)
