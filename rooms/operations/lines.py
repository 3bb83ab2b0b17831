"""What people write: one line, with something to read in it."""

from accounts.names import DISTURBING
from rooms.errors import Code, refused
from rooms.written import MAX_LINE


def one_line(text: str) -> str:
    """The text with single spaces; raises `bad_text` where it is no line of 1 to 280 characters.

    Signs that turn the direction of writing or are not to be seen would disturb what is around.
    """
    line = " ".join(text.split())
    is_seen = any(sign.isprintable() and not sign.isspace() for sign in line)
    if not is_seen or len(line) > MAX_LINE or DISTURBING.search(line):
        raise refused(Code.BAD_TEXT)
    return line
