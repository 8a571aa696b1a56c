"""Keys: sorted as numpy sorts them, those that come once left out, whatever their distribution."""

from __future__ import annotations

import numpy as np
import pytest
from eclip.quality.duplicates.keys import Keys, grouped
from eclip.quality.duplicates.sorting import FEW

DISTRIBUTIONS = {
    "one key": lambda rng, n: np.full(n, 14, np.uint64),
    "small numbers": lambda rng, n: rng.integers(0, n // 2 + 1, n).astype(np.uint64),
    "the largest numbers": lambda rng, n: np.uint64(2**64 - 1) - rng.integers(0, n // 4 + 1, n).astype(np.uint64),
    "hashes": lambda rng, n: rng.integers(0, 2**64, n // 2 + 1, dtype=np.uint64)[rng.integers(0, n // 2 + 1, n)],
    "first bits alone": lambda rng, n: rng.integers(0, n // 2 + 1, n).astype(np.uint64) << np.uint64(40),
    "a range": lambda rng, n: np.uint64(1 << 60) + rng.integers(0, n, n).astype(np.uint64),
    "one key mostly": lambda rng, n: np.where(
        rng.random(n) < 0.9, np.uint64(1 << 60), rng.integers(0, 2**64, n, dtype=np.uint64)
    ),
}


@pytest.mark.parametrize("n", [1, 2, 3, FEW, FEW + 1, 1000, 70_001])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_keys_are_sorted_with_what_belongs_to_them(name: str, n: int) -> None:
    rng = np.random.default_rng(n)
    key, row = DISTRIBUTIONS[name](rng, n), rng.integers(0, n // 3 + 1, n)
    finer = rng.integers(0, 2**32, n).astype(np.uint32)
    cuts = np.sort(rng.integers(0, n + 1, 3))
    parts = [Keys(*part) for part in zip(*(np.split(column, cuts) for column in (key, row, finer)), strict=True)]
    for chosen in (None, rng.random(n // 3 + 1) < 0.6, np.zeros(n // 3 + 1, bool)):
        mine = np.ones(n, bool) if chosen is None else chosen[row]
        order = np.argsort(key[mine], kind="stable")
        wanted = [column[mine][order] for column in (key, row, finer)]
        _, place, times = np.unique(wanted[0], return_inverse=True, return_counts=True)
        found = grouped(parts, chosen)
        assert (found[0][1:] >= found[0][:-1]).all()
        several = np.isin(found[0], wanted[0][times[place] > 1])
        for ours, theirs in zip(found, wanted, strict=True):
            assert np.array_equal(ours[several], theirs[times[place] > 1])
        assert np.count_nonzero(~several) <= 0.5 * np.count_nonzero(times == 1) + 16
    assert np.array_equal(np.concatenate([part.key for part in parts]), key)


def test_no_keys_are_no_keys() -> None:
    nothing = Keys(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.uint32))
    assert [len(found) for parts in ([], [nothing]) for found in grouped(parts)] == [0] * 6
