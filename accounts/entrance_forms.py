"""allauth's forms for logging in and signing up, in our words.

They are not in `accounts.forms`, because allauth's module imports that one to build its own.
"""

from allauth.account import forms as allauth_forms
from django.utils.translation import gettext_lazy as _


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Log in with handle or e-mail address."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address or handle")
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["password"].widget.attrs.pop("placeholder")


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]  # allauth has no types
    """Sign up; `display_name` comes from `accounts.forms.SignupForm`."""

    field_order = ("email", "username", "display_name", "password1")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["username"].label = _("Handle")
        self.fields["username"].help_text = _(
            "Your address here, like @ada_l: 2 to 30 lower-case letters, digits and underscores."
        )
        self.fields["username"].widget.attrs["autocapitalize"] = "none"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
