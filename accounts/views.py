"""Pages of profiles, pictures and the beta programme."""

from collections.abc import Callable

from allauth.account.decorators import reauthentication_required
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)
from django.views.i18n import set_language

from accounts import closing, letters, operations, pictures
from accounts.errors import DomainError
from accounts.forms import BetaForm, CloseAccountForm, ProfileForm
from accounts.models import BetaApplication, User


class AuthenticatedRequest(HttpRequest):
    """What `login_required` lets through."""

    user: User


# --- profile -------------------------------------------------------------------------------


@require_safe
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """Who somebody is, with buttons to follow and to block them."""
    person = get_object_or_404(User, handle=handle.lower(), is_active=True)
    if person.handle != handle:
        return redirect("profile", person.handle, permanent=True)
    viewer = request.user if isinstance(request.user, User) else None
    context = {
        "person": person,
        "is_self": viewer == person,
        "follows": viewer and viewer.following.filter(followed=person).exists(),
        "blocks": viewer and viewer.blocks.filter(blocked=person).exists(),
        "follower_count": person.followers.count(),
    }
    return render(request, "accounts/profile.html", context)


@login_required
def relate(request: AuthenticatedRequest, handle: str, change: Callable[..., None]) -> HttpResponse:
    """Follow, unfollow, block or unblock, then back to the profile.

    A GET comes from the login page, which cannot repeat the POST: the button is one tap away.
    """
    person = get_object_or_404(User, handle=handle.lower(), is_active=True)
    if request.method == "POST":
        try:
            change(by=request.user, person=person)
        except DomainError as refusal:
            messages.error(request, str(refusal.message))
    return redirect("profile", person.handle)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile_edit(request: AuthenticatedRequest) -> HttpResponse:
    """Name, picture, bio and language of the one who is logged in."""
    # The form writes into its instance even when it is invalid; the header shows request.user.
    person = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, request.FILES or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        picture = form.cleaned_data["new_picture"]
        if picture or form.cleaned_data.get("remove_picture"):
            operations.change_picture(user=person, picture=picture)
        if person.language:
            translation.activate(person.language)
        messages.success(request, _("Your profile is saved."))
        return redirect("profile_edit")
    return render(request, "accounts/profile_edit.html", {"form": form, "person": person})


@login_required
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
@require_http_methods(["GET", "HEAD", "POST"])
def close_account(request: AuthenticatedRequest) -> HttpResponse:
    """Delete one's account, after saying what that means."""
    form = CloseAccountForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            closing.close_account(user=request.user)
        except DomainError as refusal:
            form.add_error(None, str(refusal.message))
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("home")
    return render(request, "accounts/close.html", {"form": form})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The switch on every page; kept in the profile too, which would win over it otherwise."""
    chosen = request.POST.get("language", "")
    if isinstance(request.user, User) and chosen in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    return set_language(request)


@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponse:
    """Somebody's picture. A changed picture has a new name, so caches may keep it for ever."""
    if not pictures.STORED_NAME.fullmatch(path):
        raise Http404
    try:
        with default_storage.open(path) as file:
            # Small enough to read at once, which ASGI wants rather than a blocking iterator.
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


# --- beta programme ------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def beta(request: HttpRequest) -> HttpResponse:
    """What the beta programme is, the form, and for people with an account how it stands."""
    applicant = request.user if isinstance(request.user, User) else None
    application = operations.current_application(applicant) if applicant else None
    form = BetaForm(request.POST or None, applicant=applicant)
    status = 200
    if request.method == "POST" and form.is_valid():
        email = applicant.email if applicant else form.cleaned_data["email"]
        if ratelimit.consume(request, action="beta_application", key=email):
            return _apply(request, applicant, {**form.cleaned_data, "email": email})
        status = 429
        form.add_error(
            None, _("There were too many applications from you. Please try again tomorrow.")
        )
    context = {
        "form": form,
        "application": application,
        "may_apply": application is None or application.status == BetaApplication.Status.DECLINED,
    }
    return render(request, "accounts/beta.html", context, status=status)


def _apply(request: HttpRequest, applicant: User | None, answers: dict[str, str]) -> HttpResponse:
    """Apply, and lead to where the status can be seen."""
    try:
        application = operations.apply(user=applicant, **answers)
    except DomainError as refusal:
        # Who is not logged in may not own the address: the status goes there, not on the page.
        if not applicant:
            operations.send_status(email=answers["email"])
        messages.info(request, str(refusal.message))
        return redirect("beta")
    messages.success(request, _("Thank you! Your application has arrived."))
    if applicant:
        return redirect("beta")
    return redirect("beta_status", letters.status_token(application))


@require_GET
def beta_status(request: HttpRequest, token: str) -> HttpResponse:
    """How an application stands, for whoever has the link."""
    application = letters.application_of_token(token)
    if application is None:
        raise Http404
    response = render(request, "accounts/beta_status.html", {"application": application})
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
