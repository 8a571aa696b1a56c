from __future__ import annotations

import numpy as np
import pyarrow as pa
import xxhash
from eclip.quality.duplicates.xxh64 import digests, digests_of_lists
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.one_of(st.none(), st.text(), st.text(min_size=30, max_size=140)), max_size=20), st.integers(0, 3))
def test_the_same_bits_as_the_library(texts: list[str | None], skipped: int) -> None:
    array = pa.array(texts, pa.string()).slice(skipped)
    expected = [xxhash.xxh64_intdigest(t.encode()) if t else 0 for t in array.to_pylist()]
    assert digests(array).tolist() == expected


def test_lists_of_numbers_are_hashed_as_their_bytes() -> None:
    values = np.arange(9, dtype=np.uint64)
    found = digests_of_lists(values, np.array([0, 4, 4, 9], np.int64))
    assert found.tolist() == [
        xxhash.xxh64_intdigest(values[:4].tobytes()),
        0,
        xxhash.xxh64_intdigest(values[4:].tobytes()),
    ]
