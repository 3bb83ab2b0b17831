"""Static files under hashed names, with the imports between ES modules rewritten too."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class ManifestStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """A module's `import` names the hashed file: no import map (an inline script) is needed."""

    support_js_module_import_aggregation = True
