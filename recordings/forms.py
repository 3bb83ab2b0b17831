"""What hosts and listeners fill in on the page of a replay."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from rooms.fields import on_one_line

_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2}(?:\.\d)?)")


class ClockField(forms.CharField):
    """`1:02:03` or `4:05`, as seconds; empty as None."""

    def clean(self, value: object) -> float | None:
        """Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        match = _CLOCK.fullmatch(text)
        if match is None:
            raise forms.ValidationError(_("Write times as 1:02:03 or 4:05."), code="clock")
        hours, minutes, seconds = match.groups(default="0")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


class TrimForm(forms.Form):
    """What to leave out at both ends."""

    starts_at = ClockField(label=_("Begin at"), required=False, max_length=12)
    ends_at = ClockField(label=_("End at"), required=False, max_length=12)

    def clean_starts_at(self) -> float:
        """Empty is the beginning."""
        return float(self.cleaned_data["starts_at"] or 0.0)


class ClipForm(forms.Form):
    """A clip, in seconds on the clock of the replay."""

    title = forms.CharField(label=_("Title of the clip"), max_length=70, validators=[on_one_line])
    start = forms.FloatField(min_value=0, widget=forms.HiddenInput)
    seconds = forms.FloatField(label=_("Seconds"), min_value=1, max_value=60, initial=30)
