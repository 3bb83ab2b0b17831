"""How people appear beside what they say."""

import pytest
from django.template import Context, Template

from accounts.models import User


def shown(user: User, size: str = "") -> str:
    """The HTML that the tag makes."""
    template = Template('{% load people %}{% avatar user "' + size + '" %}')
    return template.render(Context({"user": user}))


def test_without_a_picture_there_is_an_initial_on_a_lasting_colour() -> None:
    first = shown(User(handle="ada", display_name="élodie"))
    assert ">É</span>" in first
    assert 'class="avatar avatar--c' in first
    assert first == shown(User(handle="ada", display_name="Élise"))


def test_people_have_different_colours() -> None:
    colours = {shown(User(handle=f"ada{n}", display_name="A")) for n in range(50)}
    assert len(colours) == 8


def test_with_a_picture_there_is_an_image_of_known_size() -> None:
    user = User(handle="ada", display_name="Ada", picture="users/abc.webp")
    assert shown(user, "large") == (
        '<img class="avatar avatar--large" src="/pictures/users/abc.webp" '
        'width="96" height="96" alt="">'
    )


@pytest.mark.parametrize(
    ("name", "initial"), [("<b>", "&lt;"), ("&amp;", "&amp;"), ("'", "&#x27;")]
)
def test_an_initial_is_escaped(name: str, initial: str) -> None:
    assert f">{initial}</span>" in shown(User(handle="ada", display_name=name))
