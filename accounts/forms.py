"""Forms of the profile and the beta programme, and what we ask at sign-up."""

from django import forms
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import names, pictures
from accounts.models import BetaApplication, User


class SignupForm(forms.Form):
    """What we ask at sign-up beyond allauth's own fields; allauth's form inherits from this."""

    display_name = forms.CharField(
        label=_("Your name"),
        max_length=50,
        help_text=_("As people will read it."),
        validators=[names.readable_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth with the new user, who has been saved already."""
        user.display_name = self.cleaned_data["display_name"]
        user.save(update_fields=["display_name"])


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in stubs alone
    """The profile's texts, saved by the form; what to do with the picture is for the view."""

    display_name = forms.CharField(
        label=_("Your name"),
        max_length=50,
        validators=[names.readable_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    bio = forms.CharField(
        label=_("About you"),
        max_length=160,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("At most 160 characters."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As my browser asks for")), *settings.LANGUAGES],
    )
    new_picture = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_("JPEG, PNG, WebP or GIF, at most 5 MB. It is cut to a square."),
        widget=forms.FileInput(attrs={"accept": ",".join(pictures.CONTENT_TYPES)}),
    )
    remove_picture = forms.BooleanField(label=_("Remove my picture"), required=False)

    class Meta:
        model = User
        fields = ("display_name", "bio", "language")

    field_order = ("new_picture", "remove_picture", "display_name", "bio", "language")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through
        if not self.instance.picture:
            del self.fields["remove_picture"]

    def clean_new_picture(self) -> "ContentFile[bytes] | None":
        """The upload as we keep pictures, or the reason why it cannot be one."""
        upload: UploadedFile[bytes] | None = self.cleaned_data["new_picture"]
        return pictures.square(upload) if upload else None


class CloseAccountForm(forms.Form):
    """Asks for the handle, so that nobody deletes an account by a slip of the thumb."""

    handle = forms.CharField(
        label=_("Your handle, to be sure"),
        max_length=31,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def __init__(self, *args: object, person: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through
        self._person = person

    def clean_handle(self) -> str:
        """Raises ValidationError when it is another one."""
        handle: str = self.cleaned_data["handle"].strip().removeprefix("@").lower()
        if handle != self._person.handle:
            raise forms.ValidationError(_("This is not your handle."), code="other_handle")
        return handle


class BetaForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in stubs alone
    """An application; people who are logged in apply with the address of their account."""

    kind = forms.ChoiceField(
        label=_("Who are you?"), choices=BetaApplication.Kind.choices, widget=forms.RadioSelect
    )
    language = forms.ChoiceField(label=_("Language we write to you in"), choices=settings.LANGUAGES)

    class Meta:
        model = BetaApplication
        fields = ("kind", "name", "email", "why", "language")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "why": forms.Textarea(attrs={"rows": 5}),
        }
        labels = {
            "name": _("Name"),
            "email": _("E-mail address"),
            "why": _("What would you like to talk about?"),
        }
        help_texts = {"why": _("A few sentences are enough.")}

    def __init__(self, *args: object, applicant: User | None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through
        self.fields["name"].validators.append(names.readable_name)
        self.initial["language"] = get_language()
        if applicant:
            del self.fields["email"]
            self.initial["name"] = applicant.get_full_name()
