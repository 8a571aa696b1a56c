"""Hashes of words and phrases, as compiled code meets them in titles."""

from __future__ import annotations

import numpy as np
import pytest
from eclip.quality.duplicates.letters import find, hash_phrases, hash_table, hash_texts


def test_a_word_is_hashed_by_its_letters_alone() -> None:
    plain, accented, upper, spaced, other = hash_texts(["cafe", "café", "CAFÉ", "ca-fe", "cafes"]).tolist()
    assert plain == accented == upper == spaced != other


def test_a_phrase_begins_with_its_first_word() -> None:
    first, whole, count = hash_phrases(["red", "Red Bull", "red-bull", "bull"])
    assert count.tolist() == [1, 2, 2, 1]
    assert len(set(first[:3].tolist())) == 1
    assert whole[0] == first[0]
    assert whole[1] == whole[2] != whole[0]


@pytest.mark.parametrize("empty", ["", " ", "+", "\u0301"])
def test_a_phrase_without_a_word_is_named(empty: str) -> None:
    with pytest.raises(ValueError, match="has no letter and no digit"):
        hash_phrases(["red", empty])


def test_keys_are_found_where_the_table_has_them() -> None:
    keys = hash_texts([f"word{k}" for k in range(1000)])
    table, slots = hash_table(np.concatenate([keys, keys]))
    assert slots[:1000].tolist() == slots[1000:].tolist()
    with np.errstate(over="ignore"):
        assert [int(find(table, key)) for key in keys] == slots[:1000].tolist()
        assert find(table, hash_texts(["other"])[0]) == -1
