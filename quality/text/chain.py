"""Apply rules in order, and again to what they changed, until they change nothing: cleaning twice is cleaning once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .rules import Rule

ROUNDS = 8  # real titles rest after two or three
KEPT_RESTLESS = "kept_restless"


class RowRule:
    """A rule that asks of which listings the texts are."""

    def __call__(self, texts: pa.Array, listings: pa.RecordBatch) -> pa.Array:
        """Clean n texts; of their listings `id` and, where languages are known, `lang` are given."""
        raise NotImplementedError


def apply(
    texts: pa.Array, rules: Mapping[str, Rule | RowRule], once: Collection[str] = (),
    listings: pa.RecordBatch | None = None,
) -> tuple[pa.Array, Counter[str]]:  # fmt: skip
    """Apply rules in order until nothing changes.

    What one rule takes out may lay bare what another looks for ("free &#119;ww.x.com shipping"). A text that does not
    come to rest, as only one made for it does, stays as it came, counted as `kept_restless`.

    Args:
        texts: Strings and nulls.
        rules: Name and function; each must be idempotent and leave nulls alone.
        once: Names of rules that are applied in the first round alone.
        listings: `id` and `lang` of each text, for the rules that ask.

    Returns:
        The texts, and for each rule the number of rows that it changed.
    """
    changed = {name: np.zeros(len(texts), np.bool_) for name in rules}
    rows = np.arange(len(texts))  # of the texts that may change yet
    done = texts
    for number in range(ROUNDS):
        before = open_texts = texts if number == 0 else done.take(pa.array(rows))
        for name, rule in rules.items():
            if number and name in once:
                continue
            if isinstance(rule, RowRule):
                assert listings is not None
                after = rule(open_texts, listings if number == 0 else listings.take(pa.array(rows)))
            else:
                after = rule(open_texts)
            if after is not open_texts:
                changed[name][rows[_different(open_texts, after)]] = True
                open_texts = after
        if open_texts is before:
            break
        moved = _different(before, open_texts)
        rows = rows[moved]
        done = open_texts if number == 0 else _put(done, rows, open_texts.filter(pa.array(moved)))
        if not len(rows):
            break
    counts: Counter[str] = Counter()
    if len(rows) and number == ROUNDS - 1:
        done = _put(done, rows, texts.take(pa.array(rows)))
        for mask in changed.values():
            mask[rows] = False
        counts[KEPT_RESTLESS] = len(rows)
    counts.update({name: int(mask.sum()) for name, mask in changed.items() if mask.any()})
    return done, counts


def _different(before: pa.Array, after: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.not_equal(before, after), False))


def _put(texts: pa.Array, rows: np.ndarray, values: pa.Array) -> pa.Array:
    mask = np.zeros(len(texts), np.bool_)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), values)
