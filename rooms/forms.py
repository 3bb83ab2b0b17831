"""What one decides when starting a Space."""

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from rooms.models import Room


class RoomForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in stubs alone
    """Title, who may speak, and whether a transcript is wished for."""

    class Meta:
        model = Room
        fields = ["title", "speaker_policy", "transcription"]
        labels = {"title": _("What do you want to talk about?")}
        help_texts = {
            "transcription": _(
                "Your wish is kept with the Space, but this server has no speech model yet, "
                "so no transcript is written."
            ),
        }
        widgets = {
            "title": forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
            "speaker_policy": forms.RadioSelect,
        }

    def clean_title(self) -> str:
        """A title that people can see: spaces and marks without width alone are none."""
        title: str = self.cleaned_data["title"]
        if all(unicodedata.category(sign)[0] in "CZM" for sign in title):
            raise forms.ValidationError(
                _("Please write a title that people can read."), "invisible"
            )
        return title
