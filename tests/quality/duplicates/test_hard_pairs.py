"""Pairs of titles that are hard to tell apart, as data: `hard_pairs/*.txt`.

A line is "!= left | right" for two variants, "== left | right" for one product, which nothing tells apart, and
"~= left | right" for two products that the lists do not tell apart, but each title says a word that the other lacks;
"=~ left | right" for one product of which that holds too: it is linked, not dropped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.duplicates.variants import conflict, features
from eclip.quality.duplicates.wording import substitutions
from eclip.quality.text.normalise import normalise

FILES = sorted((Path(__file__).parent / "hard_pairs").glob("*.txt"))


def pairs(path: Path) -> list[tuple[str, str, str]]:
    found = []
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            sign, _, rest = line.partition(" ")
            left, right = rest.split(" | ")
            assert sign in ("!=", "==", "~=", "=~"), line
            found.append((sign, left, right))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_variants_are_told_from_duplicates(path: Path) -> None:
    rows = pairs(path)
    titles = [title for _, *both in rows for title in both]
    found = features(titles)
    values, offsets = np.asarray(found.values), np.asarray(found.offsets).astype(np.int64)
    wrong = []
    for k, (sign, left, right) in enumerate(rows):
        there, back = conflict(values, offsets, 2 * k, 2 * k + 1), conflict(values, offsets, 2 * k + 1, 2 * k)
        assert there == back, (left, right)
        if sign != "~=" and (there >= 0) != (sign == "!="):
            wrong.append((sign, left, right))
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_words_of_no_list_tell_too(path: Path) -> None:
    rows = pairs(path)
    texts = normalise(pa.array([title for _, *both in rows for title in both]))
    left = np.arange(len(rows)) * 2
    there, back = substitutions(texts, left, left + 1), substitutions(texts, left + 1, left)
    assert there.tolist() == back.tolist()
    assert not [row for row, substituted in zip(rows, there, strict=True) if row[0] in ("~=", "=~") and not substituted]
    assert not [row for row, substituted in zip(rows, there, strict=True) if row[0] == "==" and substituted]


def test_there_are_enough_of_each() -> None:
    signs = [sign for path in FILES for sign, _, _ in pairs(path)]
    assert signs.count("!=") + signs.count("~=") >= 800
    assert signs.count("==") >= 400
