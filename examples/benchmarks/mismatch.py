"""How well wrong titles are found by the photo alone, and whether right ones are left alone.

    python examples/benchmarks/mismatch.py --data DIR [--seeds 5] [--json FILE]

DIR holds fashion_catalog/ and grocery_store/. A tenth of the titles are replaced by those of products of another kind;
seed 0 of the fashion catalog is the file that comes with it, whose wrong titles are of similar products. What is given
is average precision: 0.1 by chance, 1 at best. No method but the last row sees a label.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse
from eclip.models.baselines import logistic
from eclip.quality import cca
from eclip.quality.images.features import FEATURES
from eclip.quality.mismatch import FOLDS, fit
from eclip.quality.views import Basis, Pairs, photo_keys, photo_view, title_keys, title_view
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

SWAPPED = 0.1
NEIGHBOURS = 15


def catalogs(data: Path) -> dict[str, pd.DataFrame]:
    """Read both: photo, title, and the kind of the product, which no method sees but the last."""
    fashion = pd.read_parquet(data / "fashion_catalog/catalog.parquet")
    given = pd.read_csv(data / "fashion_catalog/noisy_titles_synthetic.csv", dtype={"id": str}).set_index("id")
    noisy = given["noisy_title"].reindex(fashion["id"].astype(str))
    grocery = pd.read_parquet(data / "grocery_store/images.parquet")
    return {
        "fashion": pd.DataFrame({"photo": fashion["image_bytes"], "title": fashion["title"].fillna(""),
                                 "kind": fashion["articleType"], "given": noisy.to_numpy()}),
        "grocery": pd.DataFrame({"photo": grocery["image_bytes"], "title": grocery["class_name"].str.replace("-", " "),
                                 "kind": grocery["coarse_name"]}),
    }  # fmt: skip


def swapped(frame: pd.DataFrame, seed: int) -> tuple[list[str], np.ndarray]:
    """Give a tenth of the rows the title of a product of another kind. -> titles, bool (n,)"""
    titles, kinds = frame["title"].tolist(), frame["kind"].to_numpy()
    if seed == 0 and "given" in frame:
        noisy = frame["given"].fillna(frame["title"]).tolist()
        return noisy, np.array([a != b for a, b in zip(noisy, titles, strict=True)])
    random, found, wrong = np.random.default_rng(seed), list(titles), np.zeros(len(titles), bool)
    for row in random.permutation(len(titles))[: round(SWAPPED * len(titles))]:
        while kinds[donor := int(random.integers(len(titles)))] == kinds[row] or titles[donor] == titles[row]:
            pass
        found[row], wrong[row] = titles[donor], True
    return found, wrong


def by_fold(pairs: Pairs) -> list[np.ndarray]:
    """The held-out rows of each fold, as `mismatch` draws them but for frequent titles."""
    return [np.flatnonzero(pairs.photo_keys % np.uint64(FOLDS) == k) for k in range(FOLDS)]


def chance(pairs: Pairs) -> np.ndarray:
    """Draw lots."""
    return np.random.default_rng(0).random(len(pairs))


def photo_neighbours(pairs: Pairs) -> np.ndarray:
    """Compare a title with those of the 15 photos that are most alike, by HOG and colour."""
    photos = pairs.photos[:, :FEATURES] - pairs.photos[:, :FEATURES].mean(0)
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    titles = scipy.sparse.csr_array(pairs.titles)
    titles = titles.multiply(1 / np.maximum(1e-9, np.sqrt(titles.multiply(titles).sum(axis=1)))[:, None]).tocsr()
    alike = photos @ photos.T
    np.fill_diagonal(alike, -2)
    near = np.argpartition(-alike, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return np.array([-float((titles[rows] @ titles[[n]].T).mean()) for n, rows in enumerate(near)])


def cca_cosine(pairs: Pairs) -> np.ndarray:
    """Take the plain cosine of regularised CCA, five folds."""
    basis = Basis.fit(pairs)
    photos, titles = basis.photos(pairs), basis.titles(pairs)
    found = np.zeros(len(pairs))
    for held in by_fold(pairs):
        rest = np.setdiff1d(np.arange(len(pairs)), held)
        model = cca.fit(photos[rest], titles[rest], 0.3, 96)
        found[held] = -(model.project_a(photos[held]) * model.project_b(titles[held])).sum(1)
    return found


def ours(pairs: Pairs) -> np.ndarray:
    """Score as `eclip.quality.mismatch` does."""
    return np.asarray(fit(pairs).score(pairs))


def with_labels(pairs: Pairs, kinds: np.ndarray) -> np.ndarray:
    """Classify the photo by kind, and compare with the kind of the title's product: it is told both kinds."""
    photos = Basis.fit(pairs).photos(pairs) * np.sqrt(10)
    found = np.zeros(len(pairs))
    for held in by_fold(pairs):
        rest = np.setdiff1d(np.arange(len(pairs)), held)
        known = sorted(set(kinds[rest]))
        chances = np.log(logistic(photos[rest], kinds[rest].tolist(), photos[held], 10.0) + 1e-6)
        own = np.array([known.index(kind) if kind in known else -1 for kind in kinds[held]])
        found[held] = chances.max(1) - np.where(own >= 0, chances[np.arange(len(held)), own], np.log(1e-6))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for name, frame in catalogs(options.data).items():
        started = time.process_time()
        photos, keys = photo_view(frame["photo"].tolist()), photo_keys(frame["photo"].tolist())
        describing = time.process_time() - started
        print(f"{name}: {len(frame):,} listings, photos described in {describing:.1f} CPU s")
        kind_of = dict(zip(frame["title"], frame["kind"], strict=True))
        methods: dict[str, Callable[[Pairs, np.ndarray], np.ndarray]] = {
            "chance": lambda pairs, _: chance(pairs),
            "photos alike, titles compared": lambda pairs, _: photo_neighbours(pairs),
            "CCA, plain cosine": lambda pairs, _: cca_cosine(pairs),
            "ours": lambda pairs, _: ours(pairs),
            "with labels: classifier": with_labels,
        }
        found: dict[str, list[float]] = {method: [] for method in methods}
        seconds: dict[str, list[float]] = {method: [] for method in methods}
        with threadpool_limits(1):
            for seed in range(options.seeds):
                titles, wrong = swapped(frame, seed)
                pairs = Pairs(photos, title_view(titles), keys, title_keys(titles))
                kinds = np.array([kind_of[title] for title in titles], dtype=object)
                for method, score in methods.items():
                    started = time.process_time()
                    found[method].append(float(average_precision_score(wrong, score(pairs, kinds))))
                    seconds[method].append(time.process_time() - started)
            truth = Pairs(photos, title_view(frame["title"].tolist()), keys, title_keys(frame["title"].tolist()))
            placebo = ours(truth)
        print(f"  {'average precision':<32}{'mean':>7}   {'CPU s':>6}   by seed")
        for method, reached in found.items():
            each, spent = " ".join(f"{r:.3f}" for r in reached), statistics.median(seconds[method])
            print(f"  {method:<32}{statistics.mean(reached):>7.3f}   {spent:>6.1f}   {each}")
            rows.append({"catalog": name, "method": method, "average_precision": reached, "cpu_s": spent})
        over = {limit: float((placebo > limit).mean()) for limit in (1.0, 0.9, 0.5, 0.3)}
        shares = [f"{limit:g}: {100 * share:.2f}%" for limit, share in over.items()]
        print(f"  no title swapped, rejected by max_score (default 1): {', '.join(shares)}")
        rows.append({"catalog": name, "placebo": over, "photos_per_cpu_s": len(frame) / describing})
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
