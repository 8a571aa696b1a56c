"""Titles signed for each CPU second, beside datasketch, rensa, datatrove's arithmetic; and whether the bits are right.

    python examples/benchmarks/minhash.py [--rows 20000] [--runs 5] [--envs DIR] [--json FILE]

All make 128 MinHash values of the same character 3-grams of the same drawn titles, in this one process, in turn;
medians. Who takes only lists of shingles has them cut in Python, as his users must; `shingles given` leaves that out of
the clock. Ours take Arrow strings in batches of 4,096, as they come from Parquet. rensa is installed into a folder of
its own, as is all that the other benchmarks compare us with.

Then: signatures that differ from datasketch's over 10,000 random titles of 1 to 400 characters in many scripts, and how
far estimates of the Jaccard index lie from the exact one.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from datasketch import MinHash
from eclip.examples.benchmarks.environments import FOLDER, importable
from eclip.quality.duplicates import minhash_numpy
from eclip.quality.duplicates.minhash import permutations, shingles, signatures_of

PERMUTATIONS = 128
BATCH = 4096
RENSA = ["rensa==0.5.0"]
AIMS = {"datasketch, sha1": 120, "rensa R-MinHash": 15}  # times as fast as they
MERSENNE = np.uint64((1 << 61) - 1)
RANDOM_TITLES = 10_000
PAIRS = 2_000
Work = Callable[[], object]


def catalog_titles(number: int, seed: int) -> list[str]:
    """Titles of 14 to 120 characters: 65 of 100 in Latin letters, 20 in Hangul, 15 in Han."""
    draw = random.Random(seed)

    def words(script: tuple[int, int], longest: int) -> list[str]:
        return ["".join(chr(draw.randrange(*script)) for _ in range(draw.randint(2, longest))) for _ in range(4000)]

    vocabularies = {" ": words((0x61, 0x7B), 9), "  ": words((0xAC00, 0xD7A4), 5), "": words((0x4E00, 0x9FA6), 4)}
    titles = []
    for _ in range(number):
        gap = draw.choices([*vocabularies], (65, 20, 15))[0]
        title, length = "", min(120, 14 + int(draw.expovariate(1 / 36)))
        while len(title) < length:
            part = str(draw.randrange(1000)) if draw.random() < 0.12 else draw.choice(vocabularies[gap])
            title += part + gap.strip(" ") + (" " if gap or draw.random() < 0.2 else "")
        titles.append(title[:length])
    return titles


def random_titles(number: int, seed: int) -> list[str]:
    """Titles of 1 to 400 characters in Latin, Hangul, Han, Thai, Arabic, pictures, NUL and combining marks."""
    draw = random.Random(seed)
    scripts = [(0x61, 0x7B), (0x20, 0x40), (0xC0, 0x180), (0xAC00, 0xD7A4), (0x4E00, 0x9FA6), (0xE01, 0xE3B),
               (0x620, 0x64B), (0x1F600, 0x1F640), (0, 1), (0x300, 0x370)]  # fmt: skip
    lengths = [1, 2, 3, 4, 5, 20, 60, 120, 400]
    return [
        "".join(chr(draw.randrange(*draw.choice(scripts))) for _ in range(draw.randint(1, draw.choice(lengths))))
        for _ in range(number)
    ]


def cut(text: str) -> list[str]:
    """The shingles of one text."""
    return [text[i : i + 3] for i in range(len(text) - 2)] or [text]


def in_numpy(texts: pa.Array) -> np.ndarray:
    """Sign texts as a process without numba does."""
    ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2], np.uint8)
    return minhash_numpy.signatures_of(data, ends, *permutations(PERMUTATIONS))


def sketched(titles: Sequence[str], **options: object) -> list[MinHash]:
    """Sign texts with datasketch, in one call."""
    cuts = ([shingle.encode() for shingle in cut(title)] for title in titles)
    found: list[MinHash] = MinHash.bulk(cuts, num_perm=PERMUTATIONS, seed=1, **options)
    return found


def each(work: Callable[[Any], object], parts: Sequence[Any]) -> None:
    """Work on batch after batch and keep nothing, as a pipeline does."""
    for part in parts:
        work(part)


def datatrove_arithmetic() -> Callable[[Sequence[str]], list[np.ndarray]]:
    """What datatrove's MinhashDedupSignature does to the shingles of a document: xxh64, then (h a + b) mod 2^61 - 1."""
    draw = np.random.RandomState(1)
    a = draw.randint(1, int(MERSENNE), PERMUTATIONS, dtype=np.uint64)[None, :]
    b = draw.randint(0, int(MERSENNE), PERMUTATIONS, dtype=np.uint64)[None, :]

    def sign(titles: Sequence[str]) -> list[np.ndarray]:
        found = []
        for title in titles:
            parts = cut(title)
            hashes = np.fromiter([xxhash.xxh64_intdigest(p.encode()) for p in parts], np.uint64, len(parts)).reshape(
                -1, 1
            )
            found.append(np.min((hashes * a + b) % MERSENNE, axis=0))
        return found

    return sign


def works(titles: list[str]) -> tuple[dict[str, Work], dict[str, Work]]:
    """All contenders by name: ours, and theirs."""
    from rensa import CMinHash, RMinHash

    texts = pa.array(titles, pa.large_string())
    batches = [texts.slice(first, BATCH) for first in range(0, len(texts), BATCH)]
    lists = [titles[first : first + BATCH] for first in range(0, len(titles), BATCH)]
    given = [cut(title) for title in titles]
    trove = datatrove_arithmetic()
    ours: dict[str, Work] = {
        "from Arrow": lambda: each(signatures_of, batches),
        "from list[str]": lambda: each(lambda part: signatures_of(pa.array(part)), lists),
        "from Arrow, in numpy": lambda: each(in_numpy, batches),
        "sorted shingle sets": lambda: each(shingles, batches),
    }
    theirs: dict[str, Work] = {
        "datasketch, sha1": lambda: sketched(titles),
        "datasketch, xxh32": lambda: sketched(titles, hashfunc=xxhash.xxh32_intdigest),
        "datatrove's arithmetic": lambda: trove(titles),
        "rensa R-MinHash": lambda: RMinHash.digest_matrix_from_token_sets(map(cut, titles), PERMUTATIONS, 42),
        "rensa C-MinHash": lambda: CMinHash.digests_from_token_sets(map(cut, titles), PERMUTATIONS, 42),
        "rensa rho": lambda: RMinHash.digest_matrix_from_token_sets_rho(map(cut, titles), PERMUTATIONS, 42),
        "rensa R-MinHash, shingles given": lambda: RMinHash.digest_matrix_from_token_sets(given, PERMUTATIONS, 42),
        "rensa C-MinHash, shingles given": lambda: CMinHash.digests_from_token_sets(given, PERMUTATIONS, 42),
        "rensa rho, shingles given": lambda: RMinHash.digest_matrix_from_token_sets_rho(given, PERMUTATIONS, 42),
    }
    return ours, theirs


def seconds(contenders: dict[str, Work], runs: int) -> dict[str, list[float]]:
    """CPU seconds of each run of each, in turn."""
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for run in range(runs + 1):  # the first one warms up
        for name, work in contenders.items():
            started = time.process_time()
            work()
            if run:
                spent[name].append(time.process_time() - started)
    return spent


def mismatches() -> int:
    """Signatures that are not those of datasketch, over random titles."""
    titles = random_titles(RANDOM_TITLES, 0)
    found = signatures_of(pa.array(titles), PERMUTATIONS)
    wrong = 0
    for title, row in zip(titles, found, strict=True):
        sketch = MinHash(PERMUTATIONS, seed=1, hashfunc=xxhash.xxh32_intdigest)
        sketch.update_batch([part.encode("utf-32-le") for part in cut(title)])
        wrong += not np.array_equal(sketch.hashvalues, row)
    return wrong


def errors() -> dict[str, float]:
    """Root mean square error of each one's estimates, over pairs of titles that share zero to all words."""
    from rensa import CMinHash, RMinHash

    draw = random.Random(1)
    left = catalog_titles(PAIRS, 1)
    right = []
    for title, other in zip(left, catalog_titles(PAIRS, 2), strict=True):
        at = draw.randrange(len(title) + 1)
        right.append((title[:at] + other)[: max(14, len(title))])
    exact = [len({*cut(a)} & {*cut(b)}) / len({*cut(a)} | {*cut(b)}) for a, b in zip(left, right, strict=True)]
    r_minhash = RMinHash.digest_matrix_from_token_sets
    signed: dict[str, Callable[[list[str]], np.ndarray]] = {
        "ours": lambda texts: signatures_of(pa.array(texts), PERMUTATIONS),
        "datasketch, sha1": lambda texts: np.stack([s.hashvalues for s in sketched(texts)]),
        "rensa R-MinHash": lambda texts: np.array(r_minhash(map(cut, texts), PERMUTATIONS, 42).to_rows()),
        "rensa C-MinHash": lambda texts: np.array(CMinHash.digests_from_token_sets(map(cut, texts), PERMUTATIONS, 42)),
        "rensa rho": lambda texts: np.array(
            RMinHash.digest_matrix_from_token_sets_rho(map(cut, texts), PERMUTATIONS, 42).to_rows()
        ),
    }
    return {
        name: float(np.sqrt(np.mean(((sign(left) == sign(right)).mean(axis=1) - exact) ** 2)))
        for name, sign in signed.items()
    }


def main() -> None:
    """Draw, time all, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--envs", type=Path, default=FOLDER, help="where the tools compared are installed")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    importable("minhash", RENSA, options.envs)
    titles = catalog_titles(options.rows, options.seed)
    ours, theirs = works(titles)
    spent = seconds({**ours, **theirs}, options.runs)
    rate = {name: len(titles) / statistics.median(each) for name, each in spent.items()}
    width = 34
    print(f"{'ours':<{width}}{'titles a CPU s':>16}")
    for name in ours:
        print(f"{name:<{width}}{rate[name]:>16,.0f}")
    print(f"\n{'theirs':<{width}}{'titles a CPU s':>16}{'ours from Arrow':>18}{'aim':>8}")
    rows = []
    for name in theirs:
        ratio = statistics.median(t / o for t, o in zip(spent[name], spent["from Arrow"], strict=True))
        print(f"{name:<{width}}{rate[name]:>16,.0f}{f'{ratio:.1f} x':>18}{AIMS.get(name, ''):>8}")
        rows.append(
            {"work": "sign titles", "peer": name, "unit": "titles/CPU s", "ours": rate["from Arrow"],
             "theirs": rate[name], "ratio": ratio}
        )  # fmt: skip
    wrong, error = mismatches(), errors()
    print(f"\nsignatures unlike datasketch's: {wrong} of {RANDOM_TITLES:,}")
    print("error of the estimated Jaccard index: " + ", ".join(f"{name} {e:.4f}" for name, e in error.items()))
    rows += [
        {"work": "RMSE of estimates", "peer": name, "unit": "Jaccard", "ours": error["ours"], "theirs": e,
         "ratio": e / error["ours"]}
        for name, e in error.items() if name != "ours"
    ]  # fmt: skip
    rows.append({"work": f"wrong signatures of {RANDOM_TITLES}", "peer": "datasketch, xxh32", "unit": "titles",
                 "ours": wrong, "theirs": 0, "ratio": None})  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
