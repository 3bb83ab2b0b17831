"""How far a transcript is from what was said."""

import re


def words(text: str) -> list[str]:
    """In lower case, without punctuation."""
    return re.findall(r"\w+", text.lower())


def word_errors(said: str, written: str) -> int:
    """The fewest words to put in, leave out or replace (Levenshtein's distance)."""
    wanted, got = words(said), words(written)
    row = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]
