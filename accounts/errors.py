"""The one exception by which operations refuse something."""

from django.utils.functional import Promise


class DomainError(Exception):
    """A rule said no.

    `code` is stable and meant for programs (protocol, tests); `message` is one translated
    sentence meant for the person who asked. `str()` gives the code.
    """

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
