"""What every request goes through: the language of one's profile, and the admin's bad addresses."""

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation


class ProfileLanguageMiddleware:
    """Comes after LocaleMiddleware, whose choice stands for everybody without a preference."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = request.user.language if request.user.is_authenticated else ""
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class AdminQueryMiddleware:
    """A list of the admin whose address asks for nonsense is shown without it, as Django does.

    Django checks which fields may be asked for, and not every value: a year that no date can have
    fails in the database or in Python, and would be an error of ours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        is_list = name.startswith("admin:") and name.endswith("_changelist")
        is_nonsense = isinstance(error, OverflowError | ValueError | DataError)
        asks = request.method == "GET" and set(request.GET) - {"e"}
        if is_list and is_nonsense and asks:
            return HttpResponseRedirect(f"{request.path}?e=1")
        return None
