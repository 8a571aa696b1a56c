"""datasketch is the reference: signatures are its own, bit for bit, and so are the candidates."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import xxhash
from datasketch import MinHash, MinHashLSH
from eclip.quality.duplicates.minhash import EMPTY, band_keys, jaccard, shingles, signatures


def titles(number: int, seed: int) -> list[str]:
    """Random texts of 0 to 60 characters in Latin, Hangul, Han, Thai and pictures, NUL among them."""
    draw = random.Random(seed)
    ranges = [
        (97, 123),
        (32, 33),
        (48, 58),
        (0xAC00, 0xD7A4),
        (0x4E00, 0x9FA6),
        (0xE01, 0xE3B),
        (0x1F600, 0x1F640),
        (0, 1),
    ]
    return [
        "".join(chr(draw.randrange(*draw.choice(ranges))) for _ in range(draw.randrange(61))) for _ in range(number)
    ]


def reference(text: str) -> MinHash:
    parts = {text[i : i + 3] for i in range(len(text) - 2)} or ({text} if text else set())
    sketch = MinHash(128, seed=1, hashfunc=xxhash.xxh32_intdigest)
    sketch.update_batch([part.encode("utf-32-le") for part in parts])
    return sketch


def test_signatures_are_those_of_datasketch() -> None:
    texts = [*titles(400, 0), "", "a", "ab", "abc", "aaaa"]
    found = signatures(shingles(pa.array(texts)))
    for text, row in zip(texts, found, strict=True):
        expected = reference(text).hashvalues if text else np.full(128, EMPTY)
        assert np.array_equal(row, expected), repr(text)


def test_slices_of_an_array_are_read_at_their_place() -> None:
    texts = pa.array(titles(20, 1))
    whole, part = signatures(shingles(texts)), signatures(shingles(texts.slice(7, 5)))
    assert np.array_equal(part, whole[7:12])


def test_bands_propose_what_datasketch_proposes() -> None:
    draw = random.Random(3)
    words = [f"{chr(97 + k)}{k}word" for k in range(12)]
    texts = [" ".join(draw.choices(words, k=5)) for _ in range(150)]
    index = MinHashLSH(num_perm=128, params=(32, 4))
    sketches = [reference(text) for text in texts]
    for number, sketch in enumerate(sketches):
        index.insert(number, sketch)
    theirs = {(i, j) for i, sketch in enumerate(sketches) for j in index.query(sketch) if i < j}
    keys = band_keys(signatures(shingles(pa.array(texts))), 32, 4)
    ours = {(i, j) for i in range(len(texts)) for j in range(i + 1, len(texts)) if (keys[i] == keys[j]).any()}
    assert ours == theirs
    assert ours


def test_jaccard_is_exact() -> None:
    texts = ["red mug 500 ml", "red mug 250 ml", "", "oak table"]
    sets = shingles(pa.array(texts))

    def by_hand(left: str, right: str) -> float:
        a, b = ({t[i : i + 3] for i in range(len(t) - 2)} for t in (left, right))
        return len(a & b) / len(a | b) if a and b else 0.0

    for i, left in enumerate(texts):
        for j, right in enumerate(texts):
            assert jaccard(sets.values, sets.offsets, i, j) == by_hand(left, right)
