"""Numbers as titles write them: 1,5 and 1.5, 10,000 and 10 000, 1/2 and ½."""

from __future__ import annotations

import numpy as np

from ..compiled import inner
from .cutting import Text
from .letters import DIGIT, FRACTIONS

_SIGNS = np.array([ord(c) for c in FRACTIONS], np.uint32)
_PARTS = np.array(list(FRACTIONS.values()))


@inner
def digits(text: Text, k: int) -> float:
    """Read a run of digits, with ½ and its like at the end."""
    value = 0.0
    for p in text.points[text.starts[k] : text.ends[k]]:
        if 48 <= p <= 57:
            value = value * 10 + (p - 48)
        else:
            for sign in range(len(_SIGNS)):
                if _SIGNS[sign] == p:
                    value += _PARTS[sign]
    return value


@inner
def _between(text: Text, k: int) -> np.int64:
    """The one character between words k - 1 and k, both digits; 0 where there is none such."""
    if k >= len(text.starts) or text.starts[k] - text.ends[k - 1] != 1 or text.scripts[text.starts[k]] != DIGIT:
        return np.int64(0)
    return np.int64(text.points[text.ends[k - 1]])


@inner
def _long(text: Text, k: int) -> int:
    return int(text.ends[k] - text.starts[k])


@inner
def number(text: Text, k: int) -> tuple[float, int, bool]:
    """Read the number at word k: its value, the word behind it, and whether three digits behind its mark are 1000s."""
    value, end, thousands = digits(text, k), k + 1, False
    mark = _between(text, end)
    if (
        (mark == 44 or mark == 46)
        and _long(text, end) == 3
        and _long(text, k) <= 3
        and text.points[text.starts[k]] != 48
    ):
        thousands = True
        while _between(text, end) == mark and _long(text, end) == 3:
            value = value * 1000 + digits(text, end)
            end += 1
        mark = _between(text, end)
    if mark == 32 and _long(text, end) == 3 and _long(text, k) <= 3 and text.points[text.starts[end]] == 48:
        return value * 1000 + digits(text, end), end + 1, True
    # 38,40,42 is a list.
    if (mark == 44 or mark == 46) and _between(text, end + 1) != mark:
        value += digits(text, end) / 10.0 ** _long(text, end)
        end += 1
    return value, end, thousands


@inner
def fraction(text: Text, k: int) -> tuple[float, int]:
    """Read 1/2 or 1 1/2 at word k: its value and the word behind it; 0, k where there is none."""
    if _between(text, k + 1) == 47:
        top, bottom = digits(text, k), digits(text, k + 1)
        parts = (bottom in (2.0, 4.0, 8.0, 16.0, 32.0) and top % 2 == 1) or bottom == 3
        if 0 < top < bottom and parts and _between(text, k + 2) != 47:
            return top / bottom, k + 2
    elif _between(text, k + 1) == 32 and _between(text, k + 2) == 47:
        part, end = fraction_behind(text, k + 1)
        if end > k + 1:
            return digits(text, k) + part, end
    return 0.0, k


@inner
def fraction_behind(text: Text, k: int) -> tuple[float, int]:
    """Read the 1/2 of 1 1/2."""
    top, bottom = digits(text, k), digits(text, k + 1)
    if 0 < top < bottom and bottom in (2.0, 4.0, 8.0, 16.0, 32.0) and top % 2 == 1:
        return top / bottom, k + 2
    return 0.0, k
