"""How static files are named and served."""

from django.http import Http404, HttpRequest, HttpResponseBase
from servestatic.middleware import MissingFileError, ServeStaticMiddleware
from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticFilesMiddleware(ServeStaticMiddleware):
    """Serves them; one that is not there is a 404 with `DEBUG` on as well, not a traceback."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the file, or pass the request on; raises `Http404`."""
        try:
            response: HttpResponseBase = await super().__call__(request)
        except MissingFileError as error:
            raise Http404(request.path) from error
        return response


class ManifestStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """A module's `import` names the hashed file: no import map (an inline script) is needed."""

    support_js_module_import_aggregation = True
