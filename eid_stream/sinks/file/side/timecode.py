"""SMPTE timecode of a recording's first picture (ST 12-1), for a part of the recording."""

import re
from fractions import Fraction

_TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{1,5})")
"""FFmpeg writes as many digits of the frame's number as the rate has need of."""
_DROPPED_A_MINUTE = {30: 2, 60: 4}
"""Frame numbers that drop-frame timecode leaves out each minute but every tenth."""


def later(timecode: str, seconds: Fraction, rate: Fraction) -> str:
    """The timecode of the picture ``seconds`` after one; as it is where it cannot be read."""
    match = _TIMECODE.fullmatch(timecode)
    a_second = round(rate)
    if match is None or not a_second:
        return timecode
    hours, minutes, second, frame = int(match[1]), int(match[2]), int(match[3]), int(match[5])
    dropped = _DROPPED_A_MINUTE.get(a_second, 0) if match[4] != ":" else 0
    all_minutes = hours * 60 + minutes
    number = (all_minutes * 60 + second) * a_second + frame - dropped * (all_minutes - all_minutes // 10)
    number += round(seconds * rate)
    if dropped:
        number += _left_out_before(number, a_second, dropped)
    whole, frame = divmod(number, a_second)
    minute, second = divmod(whole, 60)
    return f"{minute // 60 % 24:02}:{minute % 60:02}:{second:02}{match[4]}{frame:0{len(match[5])}}"


def _left_out_before(number: int, a_second: int, dropped: int) -> int:
    a_minute = a_second * 60 - dropped
    tens, rest = divmod(number, a_minute * 10 + dropped)
    minutes = max(0, rest - dropped) // a_minute
    return dropped * (9 * tens + minutes)
