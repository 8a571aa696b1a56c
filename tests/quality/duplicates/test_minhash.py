"""datasketch is the reference: signatures are its own, bit for bit, and so are the candidates."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from datasketch import MinHash, MinHashLSH
from eclip.quality.duplicates import minhash_numba, minhash_numpy
from eclip.quality.duplicates.minhash import (
    EMPTY,
    Shingles,
    band_keys,
    jaccard,
    permutations,
    shingles,
    signatures,
    signatures_of,
    sketches,
)

SCRIPTS = [(0x61, 0x7B), (0x20, 0x40), (0xC0, 0x180), (0xAC00, 0xD7A4), (0x4E00, 0x9FA6), (0xE01, 0xE3B),
           (0x620, 0x64B), (0x1F600, 0x1F640), (0, 1), (0x300, 0x370)]  # fmt: skip
LENGTHS = (1, 2, 3, 4, 8, 20, 60, 120, 400)
SHORT = ["", "a", "ab", "abc", "aaaa", "한", "한글", "\0", "\0\0\0", "e\u0301", "👍🏽"]


def titles(number: int, seed: int) -> list[str]:
    """Random texts of 1 to 400 characters in Latin, Hangul, Han, Thai, Arabic, pictures, NUL, combining marks."""
    draw = random.Random(seed)
    return [
        "".join(chr(draw.randrange(*draw.choice(SCRIPTS))) for _ in range(draw.randint(1, draw.choice(LENGTHS))))
        for _ in range(number)
    ]


def reference(text: str) -> MinHash:
    parts = {text[i : i + 3] for i in range(len(text) - 2)} or ({text} if text else set())
    sketch = MinHash(128, seed=1, hashfunc=xxhash.xxh32_intdigest)
    sketch.update_batch([part.encode("utf-32-le") for part in parts])
    return sketch


def utf8(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)])
    return np.frombuffer(b"".join(encoded) or bytes(1), np.uint8), ends.astype(np.int64)


def test_signatures_are_those_of_datasketch() -> None:
    texts = [*titles(2_000, 0), *SHORT]
    found = signatures_of(pa.array(texts))
    wrong = [
        text for text, row in zip(texts, found, strict=True) if not np.array_equal(row, reference(text).hashvalues)
    ]
    assert wrong == []


def test_sets_have_the_signatures_of_their_texts() -> None:
    texts = pa.array([*titles(500, 1), *SHORT])
    assert np.array_equal(signatures(shingles(texts)), signatures_of(texts))
    assert np.array_equal(signatures(shingles(texts), 20), signatures_of(texts, 20))


def test_sets_are_sorted_and_distinct_and_hold_what_datasketch_hashes() -> None:
    texts = [*titles(300, 2), *SHORT, "ab" * 400, "".join(map(chr, range(0x4E00, 0x5200)))]
    sets = shingles(pa.array(texts))
    for k, text in enumerate(texts):
        parts = {text[i : i + 3] for i in range(len(text) - 2)} or ({text} if text else set())
        expected = sorted({xxhash.xxh32_intdigest(part.encode("utf-32-le")) for part in parts})
        assert sets.values[sets.offsets[k] : sets.offsets[k + 1]].tolist() == expected, repr(text)


@pytest.mark.parametrize("texts", [[*titles(700, 3), *SHORT], SHORT, [""], []], ids=["many", "short", "empty", "none"])
def test_numpy_alone_gives_the_same_bits(texts: list[str]) -> None:
    data, ends = utf8(texts)
    values, offsets = minhash_numba.shingles(data, ends)
    for ours, theirs in zip((values, offsets), minhash_numpy.shingles(data, ends), strict=True):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)
    signed = minhash_numba.signatures_of(data, ends, *permutations(128))
    assert np.array_equal(minhash_numpy.signatures_of(data, ends, *permutations(128)), signed)
    assert np.array_equal(minhash_numpy.signatures(values, offsets, *permutations(128)), signed)
    assert np.array_equal(minhash_numpy.band_keys(signed, 32, 4), minhash_numba.band_keys(signed, 32, 4))


@pytest.mark.parametrize("kernel", [minhash_numba, minhash_numpy])
def test_jaccard_is_exact(kernel: ModuleType) -> None:
    texts = ["red mug 500 ml", "red mug 250 ml", "", "oak table"]
    sets = shingles(pa.array(texts))

    def by_hand(left: str, right: str) -> float:
        a, b = ({t[i : i + 3] for i in range(len(t) - 2)} for t in (left, right))
        return len(a & b) / len(a | b) if a and b else 0.0

    for i, left in enumerate(texts):
        for j, right in enumerate(texts):
            assert kernel.jaccard(sets.values, sets.offsets, i, j) == by_hand(left, right)


def test_permutations_are_those_of_datasketch() -> None:
    assert np.array_equal(permutations(128), MinHash(128, seed=1).permutations)


def test_slices_and_other_kinds_of_strings_are_read_at_their_place() -> None:
    texts = pa.array(titles(200, 4))
    whole = signatures_of(texts)
    assert np.array_equal(signatures_of(texts.slice(7, 50)), whole[7:57])
    assert np.array_equal(signatures_of(texts.cast(pa.large_string())), whole)
    assert np.array_equal(signatures_of(texts.dictionary_encode()), whole)


def test_empty_texts_have_no_signature() -> None:
    assert (signatures_of(pa.array(["", "a"])) == EMPTY).all(axis=1).tolist() == [True, False]
    assert signatures_of(pa.array([], pa.string())).shape == (0, 128)
    empty = Shingles(np.zeros(0, np.uint32), np.zeros(3, np.int64))
    assert (signatures(empty) == EMPTY).all()


def test_signatures_go_back_into_datasketch() -> None:
    texts = ["red mug 500 ml", "red mug 250 ml"]
    one, other = sketches(signatures_of(pa.array(texts)))
    assert one.jaccard(other) == reference(texts[0]).jaccard(reference(texts[1]))


@pytest.mark.parametrize(("bands", "rows"), [(32, 4), (21, 6), (16, 8)])
def test_bands_propose_what_datasketch_proposes(bands: int, rows: int) -> None:
    draw = random.Random(3)
    words = [f"{chr(97 + k)}{k}word" for k in range(12)]
    texts = [" ".join(draw.choices(words, k=5)) for _ in range(150)]
    found = signatures_of(pa.array(texts))
    index = MinHashLSH(num_perm=128, params=(bands, rows))
    for number, sketch in enumerate(sketches(found)):
        index.insert(number, sketch)
    theirs = {(i, j) for i, sketch in enumerate(sketches(found)) for j in index.query(sketch) if i < j}
    keys = band_keys(found, bands, rows)
    ours = {(i, j) for i in range(len(texts)) for j in range(i + 1, len(texts)) if (keys[i] == keys[j]).any()}
    assert ours == theirs
    assert ours


def test_more_bands_than_values_are_refused() -> None:
    with pytest.raises(ValueError, match="32 x 5 = 160, more than the 128 values"):
        band_keys(signatures_of(pa.array(["mug"])), 32, 5)


DIGEST = """
import sys
{first}
import pyarrow as pa, xxhash
from eclip.quality.duplicates import minhash
sets = minhash.shingles(pa.array({texts!r}))
found = minhash.signatures(sets)
assert (minhash.signatures_of(pa.array({texts!r})) == found).all()
keys = minhash.band_keys(found, 32, 4)
print(minhash.kernel.__name__.rpartition("_")[2], xxhash.xxh64_hexdigest(found.tobytes() + keys.tobytes()),
      minhash.jaccard(sets.values, sets.offsets, 0, 1))
"""


@pytest.mark.parametrize(
    ("first", "jit"), [("", "1"), ("sys.modules['numba'] = None", "0")], ids=["disabled", "absent"]
)
def test_a_process_without_numba_computes_the_same(first: str, jit: str) -> None:
    texts = ["red mug 500 ml", "red mug 250 ml", *titles(20, 5), *SHORT]
    code = DIGEST.format(first=first, texts=texts)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_DISABLE_JIT": jit},
        capture_output=True,
        text=True,
        check=True,
    )
    sets = shingles(pa.array(texts))
    found = signatures(sets)
    digest = xxhash.xxh64_hexdigest(found.tobytes() + band_keys(found, 32, 4).tobytes())
    assert done.stdout.split() == ["numpy", digest, str(jaccard(sets.values, sets.offsets, 0, 1))]


COMPILES = """
import json, pyarrow as pa, numpy as np
from eclip.quality.duplicates import minhash
for texts in (pa.array(["mug", "red mug"]), pa.array(["mug"]).cast(pa.large_string()), pa.array(["", ""]), pa.array([""])):
    sets = minhash.shingles(texts)
    own = minhash.Shingles(sets.values.copy(), np.asarray(pa.array(sets.offsets)))
    minhash.band_keys(minhash.signatures(own), 32, 4)
    minhash.band_keys(minhash.signatures_of(texts.slice(1)), 16, 8)
kernels = [minhash.kernel.shingles, minhash.kernel.signatures, minhash.kernel.signatures_of, minhash.kernel.band_keys]
print(json.dumps([[sum(k.stats.cache_hits.values()), sum(k.stats.cache_misses.values())] for k in kernels]))
"""


def test_each_loop_is_compiled_once_for_all_processes(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run([sys.executable, "-c", COMPILES], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    first, second = (json.loads(run.stdout) for run in runs)
    assert first == [[0, 1]] * 4
    assert second == [[1, 0]] * 4
