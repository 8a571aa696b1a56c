"""Apply rules in order, and again to what they changed, until they change nothing: cleaning twice is cleaning once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .rule import Draft, Rule

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
    draft = Draft(texts)
    changed = {name: np.zeros(len(texts), np.bool_) for name in rules}
    rows = np.arange(len(texts))  # of the texts that may change yet
    for number in range(ROUNDS):
        before = draft.places.copy()
        for name, rule in rules.items():
            if number and name in once:
                continue
            draft.changed[:] = False
            if isinstance(rule, Rule):
                rule.write(draft)
            else:
                assert listings is not None
                draft.put(rows, rule(draft.at(draft.places[rows]), listings.take(pa.array(rows))))
            changed[name] |= draft.changed
        rows = np.flatnonzero(before != draft.places)
        moved = pc.not_equal(draft.at(before[rows]), draft.at(draft.places[rows]))
        rows = rows[np.asarray(moved)]
        if not len(rows):
            break
        resting = np.ones(len(texts), np.bool_)
        resting[rows] = False
        draft.signs[resting] = 0  # no rule looks at them again
    counts: Counter[str] = Counter()
    if len(rows):
        draft.put(rows, texts.take(pa.array(rows)))
        for mask in changed.values():
            mask[rows] = False
        counts[KEPT_RESTLESS] = len(rows)
    counts.update({name: int(mask.sum()) for name, mask in changed.items() if mask.any()})
    return draft.texts(), counts
