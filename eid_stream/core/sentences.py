"""Sentences made of sentences."""

import re

_TWO_ENDS = re.compile(r"(?<=[\w)\]}'\"`%])([.?!])\.(?=\s|$)")


def ended_once(text: str) -> str:
    """The text without the second full stop where a sentence was put at the end of another.

    A message quotes what it heard, and ends itself: ``Cannot open it: Build it again..`` A folder's ``..`` stays.
    """
    return _TWO_ENDS.sub(r"\1", text)
