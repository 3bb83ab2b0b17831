"""Forms of the account pages, the profile and the beta programme."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class SignupForm(forms.Form):
    """What we ask at sign-up beyond allauth's own fields; allauth's form inherits from this."""

    display_name = forms.CharField(
        label=_("Your name"), max_length=50, help_text=_("As people will read it.")
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth with the new user, who has been saved already."""
        user.display_name = self.cleaned_data["display_name"]
        user.save(update_fields=["display_name"])
