"""How many planted copies and variants duplicate finding gets right, kind by kind, on hard sample catalogs.

    python examples/benchmarks/planted.py [--rows 20000] [--seeds 3] [--easy] [--keep DIR] [--json FILE]

For each seed a catalog is drawn (`eclip sample --hard`: variants share a photo and one word of the title tells them
apart) and run up to `deduplicate`. A copy must be dropped where its seller is the same, linked where it is another's;
a variant must not be dropped for its base. The last lines look at the sets themselves: how large is the largest one
that holds listings of two products, and did a placeholder photo merge anything.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd

SAME_PRODUCT = ("offer", "exact_copy", "relisting")
Tally = Counter[tuple[str, str, str]]  # (what, how, "rows" or "right")


class Outcome:
    """What a run made of a catalog's listings."""

    def __init__(self, folder: Path) -> None:
        run = folder / "run"
        self.truth = pd.read_parquet(folder / "truth.parquet").fillna({"detail": ""})
        self.listings = set(pd.read_parquet(run / "filter/listings", columns=["id"])["id"])
        dropped = pd.read_parquet(run / "deduplicate/duplicates")
        self.kept: dict[str, str] = dict(zip(dropped["dropped_id"], dropped["kept_id"], strict=True))
        links = pd.read_parquet(run / "deduplicate/links")
        self.linked = {frozenset(pair) for pair in zip(links["left_id"], links["right_id"], strict=True)}

    def same(self, left: str, right: str) -> bool:
        """Whether one stands for both."""
        return self.kept.get(left, left) == self.kept.get(right, right)

    def near(self, left: str, right: str) -> bool:
        """Whether they are one, or linked."""
        pair = frozenset((self.kept.get(left, left), self.kept.get(right, right)))
        return self.same(left, right) or pair in self.linked

    def product(self) -> Callable[[str], str]:
        """Name the product that a listing offers."""
        facts = self.truth[self.truth["kind"].isin(SAME_PRODUCT)]
        of: dict[str, str] = dict(zip(facts["id"], facts["of"], strict=True))

        def named(listing: str) -> str:
            while listing in of:
                listing = of[listing]
            return listing

        return named


def count(folder: Path, tally: Tally) -> tuple[int, int]:
    """Add a run's right and wrong decisions; give the size of its largest false set, and the merges by placeholder."""
    found = Outcome(folder)
    for fact in found.truth[found.truth["of"].notna()].to_dict("records"):
        pair = str(fact["id"]), str(fact["of"])
        if not found.listings.issuperset(pair):
            continue  # taken out before, as noise
        keys, right = _expected(found, pair, str(fact["kind"]), str(fact["detail"]))
        for what, way in keys:
            tally[what, way, "rows"] += 1
            tally[what, way, "right"] += right
    return false_sets(found)


def _expected(found: Outcome, pair: tuple[str, str], kind: str, detail: str) -> tuple[list[tuple[str, str]], bool]:
    """Under which lines a planted fact is counted, none if nothing is expected of it, and whether it came out right."""
    if kind == "exact_copy":
        return [("exact copy", "")], found.same(*pair)
    if kind == "variant":
        return [("variant not dropped", detail)], not found.same(*pair)
    if kind == "relisting":
        seller, disguise, change = detail.split()
        if seller == "other_seller":
            return [("other seller: linked, not dropped", "")], found.near(*pair) and not found.same(*pair)
        # Each copy stands under the way its title was changed, and under that of its photo.
        return [("same seller, title", disguise), ("same seller, photo", change)], found.same(*pair)
    return [], True


def false_sets(found: Outcome) -> tuple[int, int]:
    """Size of the largest set that holds two products; merges of listings that show a placeholder."""
    product = found.product()
    sizes = Counter(found.kept.values())
    wrong = [(lost, kept) for lost, kept in found.kept.items() if product(lost) != product(kept)]
    tiles = set(found.truth[found.truth["kind"] == "placeholder_photo"]["id"])
    return max((sizes[kept] + 1 for _, kept in wrong), default=0), sum(lost in tiles for lost, _ in wrong)


def main() -> None:
    """Draw, run, count, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--easy", action="store_true", help="the demo's catalog instead")
    parser.add_argument(
        "--keep", type=Path, help="keep catalogs and runs here; what is drawn already is not drawn again"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    eclip = str(Path(sys.executable).with_name("eclip"))
    tally: Tally = Counter()
    largest, tiles = 0, 0
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as temporary:
            folder = (options.keep or Path(temporary)) / f"{'easy' if options.easy else 'hard'}-{options.rows}-{seed}"
            if not (folder / "truth.parquet").exists():
                draw = [eclip, "sample", str(folder), "--rows", str(options.rows), "--seed", str(seed)]
                subprocess.run([*draw, *([] if options.easy else ["--hard"])], check=True, stdout=subprocess.DEVNULL)
            run = [eclip, "run", str(folder / "catalog.yaml"), "--to", "deduplicate"]
            subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
            size, merged = count(folder, tally)
            largest, tiles = max(largest, size), tiles + merged
    rows = []
    print(f"{'what':<36}{'how':<16}{'rows':>7}{'right':>7}{'share':>8}")
    for what, how in sorted({key[:2] for key in tally}):
        n, right = tally[what, how, "rows"], tally[what, how, "right"]
        print(f"{what:<36}{how:<16}{n:>7,}{right:>7,}{right / n:>8.3f}")
        rows.append({"what": what, "how": how, "rows": n, "right": right})
    for what in ("same seller, title", "variant not dropped"):
        kinds = [row for row in rows if row["what"] == what]
        n, right = (sum(int(str(row[name])) for row in kinds) for name in ("rows", "right"))
        print(f"{what + ', all':<52}{n:>7,}{right:>7,}{right / max(1, n):>8.3f}")
    print(f"largest set that holds two products: {largest}; listings merged wrongly by a placeholder photo: {tiles}")
    if options.json:
        summary = {"largest_false_set": largest, "merged_by_placeholder": tiles}
        options.json.write_text(json.dumps([*rows, summary], indent=1))


if __name__ == "__main__":
    main()
