"""What moderators and superusers see of accounts in the admin."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, ClassVar, cast

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import letters, operations
from accounts.errors import DomainError
from accounts.models import BetaApplication, Suspension, User

admin.site.site_header = admin.site.site_title = "Spaces"
admin.site.index_title = _("Moderation")
# One way in for everybody: Django's own page would let passwords be guessed without a limit.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class StaffRequest(HttpRequest):
    """What the admin lets through."""

    user: User


class ReadOnlyAdmin:
    """Nothing is added, changed or deleted by hand, by superusers neither."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


def staff(request: HttpRequest) -> User:
    """Who is logged in; the admin lets nobody else through."""
    return cast(User, request.user)


# --- people --------------------------------------------------------------------------------


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]  # generic in stubs alone
    class Meta:
        model = User
        fields = ("handle", "email", "display_name")


class UserForm(UserChangeForm):  # type: ignore[type-arg]  # generic in stubs alone
    class Meta:
        model = User
        fields = "__all__"


PROFILE = ("handle", "email", "display_name", "bio", "picture", "language", "date_joined")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # generic in stubs alone
    """Superusers may do everything; moderators look at profiles only.

    Whoever changes users could make themselves superuser, so no single permission opens that.
    """

    form = UserForm
    add_form = NewUserForm
    list_display = ("handle", "display_name", "email", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active", "groups", "language")
    search_fields = ("handle", "display_name", "email")
    ordering = ("handle",)
    readonly_fields = ("picture", "date_joined", "last_login")
    fieldsets = (
        (None, {"fields": (*PROFILE, "is_active")}),
        (_("Logging in"), {"fields": ("password", "last_login")}),
        (_("Permissions"), {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    add_fieldsets = (
        (None, {"fields": ("handle", "email", "display_name", "password1", "password2")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Leave the password hash and the permissions to superusers."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if staff(request).is_superuser else fieldsets[:1]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return staff(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return staff(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return staff(request).is_superuser


# --- suspensions ---------------------------------------------------------------------------


class SuspensionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in stubs alone
    """Asks the same rules as the operation, so that a refusal shows beside the fields."""

    by: ClassVar[User]

    class Meta:
        model = Suspension
        fields = ("user", "reason", "ends_at")
        widgets: ClassVar = {"reason": forms.Textarea(attrs={"rows": 3})}

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or self.cleaned_data
        if user := answers.get("user"):
            try:
                operations.check_suspension(user=user, by=self.by, ends_at=answers.get("ends_at"))
            except DomainError as refusal:
                raise ValidationError(str(refusal.message), refusal.code) from None
        return answers


@admin.register(Suspension)
class SuspensionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs alone
    """Suspensions are imposed and lifted, never edited."""

    form = SuspensionForm
    fields = ("user", "reason", "starts_at", "ends_at", "imposed_by")
    list_display = ("user", "reason", "starts_at", "ends_at", "imposed_by")
    search_fields = ("user__handle", "user__display_name", "reason")
    list_select_related = ("user", "imposed_by")
    autocomplete_fields = ("user",)
    ordering = ("-starts_at",)
    actions = ("lift_selected",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Suspension | None = None
    ) -> tuple[str, ...]:
        return self.fields if obj else ("starts_at", "imposed_by")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A form class of this request's own, which knows who imposes."""
        form = super().get_form(request, *args, **kwargs)
        form.by = staff(request)  # type: ignore[attr-defined]
        return form

    def save_model(
        self, request: HttpRequest, obj: Suspension, form: SuspensionForm, change: bool
    ) -> None:
        if not change:
            obj.pk = operations.suspend(
                user=obj.user, by=staff(request), reason=obj.reason, ends_at=obj.ends_at
            ).pk

    def log_addition(  # type: ignore[override]  # nobody reads what it returns
        self, request: HttpRequest, obj: Suspension, message: Any
    ) -> None:
        """The operation has written the history."""

    @admin.action(
        description=_("Lift the suspension of the selected people"), permissions=["change"]
    )
    def lift_selected(self, request: HttpRequest, queryset: QuerySet[Suspension]) -> None:
        people = User.objects.filter(suspensions__in=queryset).distinct()
        lifted = sum(operations.lift(user=person, by=staff(request)) for person in people)
        text = ngettext("%d suspension lifted.", "%d suspensions lifted.", lifted) % lifted
        self.message_user(request, text, messages.SUCCESS)


# --- beta programme ------------------------------------------------------------------------


@admin.register(BetaApplication)
class BetaApplicationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs alone
    """Applications are read, and decided through the operations: one by one or many at once."""

    fields = (
        "name",
        "email",
        "user",
        "kind",
        "why",
        "language",
        "created_at",
        "status",
        "decided_at",
        "decided_by",
        "mailed_at",
    )
    readonly_fields = fields
    list_display = ("name", "applied", "kind", "wish", "status")
    list_filter = ("status", "kind", "language", ("mailed_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "email", "user__handle", "why")
    ordering = ("-status", "-created_at")  # by name, waiting comes last: so it comes first here
    actions = ("approve_selected", "decline_selected", "mail_selected_again")
    change_form_template = "admin/accounts/betaapplication/change_form.html"

    @admin.display(description=_("why"), ordering="why")
    def wish(self, application: BetaApplication) -> str:
        return Truncator(application.why).chars(60)

    @admin.display(description=_("applied"), ordering="created_at")
    def applied(self, application: BetaApplication) -> date:
        return application.created_at.date()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(self.decide_view)
        name = "accounts_betaapplication_decide"
        return [path("<int:pk>/decide/", decide, name=name), *super().get_urls()]

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The two buttons on an application's page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        application = get_object_or_404(BetaApplication, pk=pk)
        if not self.has_change_permission(request, application):
            raise PermissionDenied
        if "approve" in request.POST:
            self._decide(request, [application], operations.approve)
        elif "decline" in request.POST:
            self._decide(request, [application], operations.decline)
        return redirect("admin:accounts_betaapplication_change", pk)

    @admin.action(description=_("Approve the selected applications"), permissions=["change"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[BetaApplication]) -> None:
        self._decide(request, queryset, operations.approve)

    @admin.action(description=_("Decline the selected applications"), permissions=["change"])
    def decline_selected(self, request: HttpRequest, queryset: QuerySet[BetaApplication]) -> None:
        self._decide(request, queryset, operations.decline)

    @admin.action(description=_("Mail the decision again"), permissions=["change"])
    def mail_selected_again(
        self, request: HttpRequest, queryset: QuerySet[BetaApplication]
    ) -> None:
        decided = list(queryset.exclude(status=BetaApplication.Status.PENDING))
        sent = sum(letters.send_decision(application) for application in decided)
        text = ngettext("%d mail sent.", "%d mails sent.", sent) % sent
        self.message_user(request, text, messages.SUCCESS if sent else messages.WARNING)
        self._warn_of_unsent(request, len(decided) - sent)

    def _decide(
        self,
        request: HttpRequest,
        applications: Iterable[BetaApplication],
        decide: Callable[..., bool],
    ) -> None:
        """Decide each by itself, and say what became of them."""
        decided = []
        for application in applications:
            try:
                if decide(application=application, by=staff(request)):
                    decided.append(application)
            except DomainError as refusal:
                self.message_user(request, f"{application}: {refusal.message}", messages.ERROR)
        count = len(decided)
        text = ngettext("%d application decided.", "%d applications decided.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.INFO)
        # The letters went out on commit, so what is missing is known here.
        self._warn_of_unsent(request, sum(one.mailed_at is None for one in decided))

    def _warn_of_unsent(self, request: HttpRequest, count: int) -> None:
        if count:
            text = ngettext(
                "%d mail could not be sent. Please mail the decision again later.",
                "%d mails could not be sent. Please mail the decisions again later.",
                count,
            )
            self.message_user(request, text % count, messages.WARNING)
