"""The form with which people report."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from moderation.models import Report
from rooms.models import Participant, Room


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in stubs alone
    """Somebody in the room, by public id; empty is the room as a whole."""

    def label_from_instance(self, obj: Participant) -> str:
        """The name that was shown in the room."""
        return obj.name


def reportable(room: Room, participant: Participant, about: str) -> QuerySet[Participant]:
    """Who is offered: everybody who was on stage, and the one in question; never oneself."""
    was_on_stage = ~Q(role=Participant.Role.LISTENER) | Q(recording_accepted_at__isnull=False)
    people = room.participants.filter(was_on_stage | Q(public_id=about))
    return people.exclude(pk=participant.pk).select_related("user")


class ReportForm(forms.Form):
    """What is wrong, with whom."""

    about = PersonField(
        queryset=Participant.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=_("The Space as a whole"),
        label=_("Who or what is it about?"),
    )
    reason = forms.ChoiceField(
        choices=Report.Reason.choices, widget=forms.RadioSelect, label=_("What is wrong?")
    )
    text = forms.CharField(
        max_length=2000,
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 4}),
        label=_("What happened?"),
        help_text=_("A moderator reads this and listens to the recording."),
    )

    def __init__(self, *args: Any, people: QuerySet[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].queryset = people  # type: ignore[attr-defined]
