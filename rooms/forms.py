"""What one decides when starting a Space."""

import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from rooms.models import Room
from speech.models import is_there

_WRITTEN = _(
    "What is said is shown as text while you talk, and kept as a transcript with the recording. "
    "Everybody reads this before they join."
)
_NOT_WRITTEN = _(
    "Your wish is kept with the Space, but this server has no speech model, "
    "so nothing is written down."
)


class RoomForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in stubs alone
    """Title, who may speak, and whether a transcript is wished for."""

    class Meta:
        model = Room
        fields = ["title", "speaker_policy", "transcription"]
        labels = {"title": _("What do you want to talk about?")}
        widgets = {
            "title": forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
            "speaker_policy": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = is_there(settings.SPEECH_MODEL_FOLDER)
        self.fields["transcription"].help_text = _WRITTEN if there else _NOT_WRITTEN

    def clean_title(self) -> str:
        """A title that people can see: spaces and marks without width alone are none."""
        title: str = self.cleaned_data["title"]
        if all(unicodedata.category(sign)[0] in "CZM" for sign in title):
            raise forms.ValidationError(
                _("Please write a title that people can read."), "invisible"
            )
        return title
