"""Drop duplicates with Daft: its minhash expression, bands and union-find by hand, as its documentation shows.

`work FOLDER N_GRAMS`, `report FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

HASHES, BANDS = 64, 16


def work(folder: Path, n_grams: int) -> None:
    """Normalise, sign, join rows that share a band, write those that stay."""
    import daft
    from daft import col

    text = col("text").normalize(remove_punct=True, lowercase=True, nfd_unicode=True, white_space=True)
    signed = daft.read_json(str(folder / "titles.jsonl")).with_column(
        "minhash", text.minhash(num_hashes=HASHES, ngram_size=n_grams, seed=42, hash_function="xxhash")
    )
    rows = signed.to_pydict()
    ids, parent = rows["id"], list(range(len(rows["id"])))

    def find(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    width = HASHES // BANDS
    for band in range(BANDS):
        first: dict[tuple[int, ...], int] = {}
        for k, values in enumerate(rows["minhash"]):
            other = first.setdefault(tuple(values[band * width : (band + 1) * width]), k)
            one, two = find(k), find(other)
            parent[max(one, two)] = min(one, two)
    kept = [find(k) == k for k in range(len(ids))]
    daft.from_pydict({n: [v for v, k in zip(rows[n], kept, strict=True) if k] for n in ("id", "text")}).write_json(
        str(folder / "kept")
    )
    with (folder / "removed.tsv").open("w") as out:
        out.writelines(f"{i}\t{find(k)}\n" for k, i in enumerate(ids) if not kept[k])


def report(folder: Path) -> None:
    """Nothing is left to do."""


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        report(Path(sys.argv[2]))
