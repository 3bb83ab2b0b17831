"""What one decides when starting a Space."""

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
