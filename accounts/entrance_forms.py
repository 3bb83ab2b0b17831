"""allauth's forms in our words.

They are not in `accounts.forms`, because allauth's module imports that one to build its own.
"""

from typing import ClassVar

from allauth.account import forms as allauth_forms
from django.forms import Field
from django.utils.translation import gettext_lazy as _

LABELS = {
    "code": _("Code"),
    "email": _("E-mail address"),
    "login": _("E-mail address or handle"),
    "oldpassword": _("Current password"),
    "password": _("Password"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
    "username": _("Handle"),
}
HELP = {
    "password1": _("At least 8 characters, and not one of the common passwords."),
    "username": _(
        "Your address here, like @ada_l: 2 to 30 lower-case letters, digits and underscores."
    ),
}


class OurWords:
    """Labels instead of placeholders, and one sentence of help where allauth lists rules."""

    fields: dict[str, Field]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.help_text = HELP.get(name, field.help_text)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(OurWords, allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}


class SignupForm(OurWords, allauth_forms.SignupForm):  # type: ignore[misc]
    """`display_name` comes from `accounts.forms.SignupForm`."""

    field_order: ClassVar = ("email", "username", "display_name", "password1")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocapitalize"] = "none"
        self.fields["password1"].label = LABELS["password"]


class AddEmailForm(OurWords, allauth_forms.AddEmailForm):  # type: ignore[misc]
    pass


class ConfirmEmailForm(OurWords, allauth_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    pass


class ConfirmResetForm(OurWords, allauth_forms.ConfirmPasswordResetCodeForm):  # type: ignore[misc]
    pass


class ChangePasswordForm(OurWords, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPasswordForm(OurWords, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    pass


class ResetPasswordForm(OurWords, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    pass


class NewPasswordForm(OurWords, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(OurWords, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    pass
