"""Which language a WebSocket speaks."""

import pytest

from accounts.models import User
from rooms.languages import language_of_scope


@pytest.mark.parametrize(
    ("profile", "cookie", "header", "expected"),
    [
        ("it", "en", "en", "it"),
        ("", "it", "en", "it"),
        ("", "", "it-CH,it;q=0.9,en;q=0.1", "it"),
        ("", "", "fr,it;q=0.5", "it"),
        ("", "xx", "en", "en"),
        ("", "", "", "en"),
        ("", "", "\xff;;q=,", "en"),
        ("", "../../etc", "tlh", "en"),
    ],
)
def test_the_profile_wins_then_the_cookie_then_the_browser(
    profile: str, cookie: str, header: str, expected: str
) -> None:
    scope = {
        "user": User(language=profile),
        "cookies": {"django_language": cookie},
        "headers": [(b"accept-language", header.encode("latin-1"))],
    }
    assert language_of_scope(scope) == expected
