"""How people appear in pages."""

from zlib import crc32

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User

register = template.Library()
COLOURS = 8
PIXELS = {"": 40, "large": 96}


@register.simple_tag
def avatar(user: User, size: str = "") -> SafeString:
    """The person's picture, or their initial on a colour that stays the same for the handle.

    `size`: nothing or `large`. Screen readers pass over it: the name stands beside it.
    """
    classes = f"avatar avatar--{size}" if size else "avatar"
    if user.picture:
        return format_html(
            '<img class="{}" src="{}" width="{}" height="{}" alt="">',
            classes,
            reverse("picture", args=[user.picture.name]),
            PIXELS[size],
            PIXELS[size],
        )
    return format_html(
        '<span class="{} avatar--c{}" aria-hidden="true">{}</span>',
        classes,
        crc32(user.handle.encode()) % COLOURS,
        user.get_full_name()[:1].upper(),
    )
