"""What differs between PyAV 18, the last one for Python 3.11, and PyAV 19."""

from fractions import Fraction
from typing import Any, Protocol

import av

_MAJOR = int(av.__version__.split(".")[0])

READABLE_METADATA: dict[str, Any] = {} if _MAJOR >= 19 else {"metadata_errors": "replace"}
"""Arguments of ``av.open`` with which a tag that is not UTF-8 is no error. PyAV 19 keeps such tags byte by byte."""


class _Ratio(Protocol):
    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...


def ratio(value: _Ratio | None) -> Fraction | None:
    """FFmpeg's rational number as a ``Fraction``; None where nothing is set, which PyAV 19 tells as 0/1 or n/0."""
    return Fraction(value.numerator, value.denominator) if value else None
