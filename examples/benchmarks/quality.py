"""How right duplicates and links are: ours beside honest baselines, on labelled catalogs and on planted ones.

    python examples/benchmarks/quality.py --data DIR [--rows 2000] [--seeds 3] [--json FILE]

DIR holds shopee_titles, pricerunner_clusters and fashion_catalog; what is not there is left out. Ours runs with the
thresholds that are shipped, which saw no label of the rows that are scored; where thresholds of a peer or of the
trained row are chosen, that is done on the other half of the groups, and both halves are scored in turn. Candidates
come from all rows. A label is an opinion, too: of the pairs with one photo, 3.8 % have two labels in shopee_titles.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from eclip import find_duplicates
from eclip.examples.sample import write_sample
from eclip.quality.duplicates.minhash import band_keys, shingles, signatures
from eclip.quality.duplicates.words import cosine, frequencies, weights, words
from eclip.quality.text.clean import clean_texts
from eclip.quality.text.normalise import normalise
from eclip.quality.text.rules import RULES
from eclip.schemas.deduplicate_config import LINK, DecisionConfig, DeduplicateConfig, LinkConfig
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer

GRID = np.arange(0.2, 0.95, 0.05)
EVERYTHING = DeduplicateConfig(
    decision=DecisionConfig(image_and_text=LINK, equal_title=LINK, equal_gtin=LINK, text=LINK, image=LINK),
    store_floor=0.3, links=LinkConfig(word_similarity=0.3, nearest=0), max_links=100,
)  # fmt: skip
Pairs = tuple[np.ndarray, np.ndarray]  # left and right rows [int64 (m,)]


class Labelled:
    """A catalog whose groups are known."""

    def __init__(self, df: pd.DataFrame, group: str, phash: str | None = None) -> None:
        self.df = df.reset_index(drop=True)
        self.df["title"] = clean_texts(pa.array(df["title"].tolist()), tuple(RULES))[0].to_pylist()
        self.group = pd.factorize(df[group])[0]
        self.sizes = np.bincount(self.group)[self.group]
        self.half = np.array([zlib.crc32(str(name).encode()) % 2 for name in df[group]])
        self.phash = phash
        self.texts = normalise(pa.array(self.df["title"]))

    @property
    def words(self) -> int:
        """64-bit hashes. [uint64 (n,)]"""
        return np.array([int(value, 16) for value in self.df[self.phash]], np.uint64)

    def row_f1(self, predicted: csr_matrix) -> np.ndarray:
        """F1 of each row's predicted set against its group, as Kaggle's Shopee contest does it. [float64 (n,)]"""
        rows = np.repeat(np.arange(len(self.group)), np.diff(predicted.indptr))
        right = np.bincount(rows[self.group[rows] == self.group[predicted.indices]], minlength=len(self.group))
        return 2 * right / (np.diff(predicted.indptr) + self.sizes)

    def pairwise(self, predicted: csr_matrix) -> tuple[float, float]:
        """Precision and recall over pairs of different rows."""
        rows = np.repeat(np.arange(len(self.group)), np.diff(predicted.indptr))
        pairs = (len(rows) - len(self.group)) / 2
        right = ((self.group[rows] == self.group[predicted.indices]).sum() - len(self.group)) / 2
        known = sum(n * (n - 1) / 2 for n in np.bincount(self.group))
        return right / max(1, pairs), right / known


def sets_of(n: int, pairs: Pairs, kept: np.ndarray | None = None) -> csr_matrix:
    """Each row's predicted set: itself, what is linked to it, and what was dropped for any of these."""
    links = csr_matrix((np.ones(len(pairs[0])), pairs), shape=(n, n))
    links = links + links.T + csr_matrix((np.ones(n), (np.arange(n), np.arange(n))), shape=(n, n))
    member = csr_matrix((np.ones(n), (np.arange(n), np.arange(n) if kept is None else kept)), shape=(n, n))
    return (member @ links @ member.T).tocsr()


def ours(data: Labelled, config: DeduplicateConfig) -> tuple[np.ndarray, pd.DataFrame]:
    """Who stands for each row [int64 (n,)], and the links between rows."""
    found = find_duplicates(data.df, config=config, phash=data.phash)
    kept = np.arange(len(data.df))
    kept[found.dropped["dropped_id"].to_numpy(int)] = found.dropped["kept_id"].to_numpy(int)
    return kept, found.links


def same_product(links: pd.DataFrame) -> Pairs:
    """The links that say it is one product: no variant, or the photos say otherwise."""
    chosen = links[links["veto"].isna() | links["kind"].isin(["image", "both"])]
    return chosen["left_id"].to_numpy(int), chosen["right_id"].to_numpy(int)


def near_photos(hashes: np.ndarray, most: int) -> Pairs:
    """All pairs of 64-bit hashes that differ in at most so many bits."""
    found = [np.argwhere(np.bitwise_count(hashes[k : k + 1000, None] ^ hashes) <= most) + [k, 0]
             for k in range(0, len(hashes), 1000)]  # fmt: skip
    pairs = np.concatenate(found)
    return tuple(pairs[pairs[:, 0] < pairs[:, 1]].T)  # type: ignore[return-value]


def tfidf(texts: Iterable[str], floor: float) -> tuple[Pairs, np.ndarray]:
    """All pairs whose TF-IDF cosine (character 3- and 4-grams within words) is at least the floor, and the cosine."""
    rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, min_df=2).fit_transform(texts)
    rows, left, right, value = rows.astype(np.float32), [], [], []
    for first in range(0, rows.shape[0], 500):
        near = (rows[first : first + 500] @ rows.T).tocoo()
        keep = (near.data >= floor) & (near.row + first < near.col)
        left.append(near.row[keep] + first)
        right.append(near.col[keep])
        value.append(near.data[keep])
    return (np.concatenate(left), np.concatenate(right)), np.concatenate(value)


def datasketch(texts: Iterable[str], threshold: float = 0.5) -> Pairs:
    """datasketch as its guide shows it: MinHash of the words, MinHashLSH, nothing verified."""
    from datasketch import MinHash, MinHashLSH

    index, left, right = MinHashLSH(threshold=threshold, num_perm=128), [], []
    sketches = MinHash.bulk([[w.encode() for w in text.split()] for text in texts], num_perm=128)
    for row, sketch in enumerate(sketches):
        near = index.query(sketch)
        left += near
        right += [row] * len(near)
        index.insert(row, sketch)
    return np.array(left, int), np.array(right, int)


def char_minhash(texts: pa.Array, threshold: float) -> Pairs:
    """MinHash of character 3-grams, 32 bands of 4, every candidate verified; no vetoes, no photos."""
    sets = shingles(texts)
    bands, pairs = band_keys(signatures(sets), 32, 4), set()
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        cuts = np.flatnonzero(np.diff(band[order])) + 1
        for bucket in np.split(order, cuts):
            if 1 < len(bucket) <= 2000:
                pairs.update((int(a), int(b)) for k, a in enumerate(bucket) for b in bucket[k + 1 :])
    rows = [set(sets.values[a:b].tolist()) for a, b in zip(sets.offsets, sets.offsets[1:], strict=False)]
    found = [(a, b) for a, b in pairs if len(rows[a] & rows[b]) >= threshold * len(rows[a] | rows[b])]
    return tuple(np.array(sorted(found), int).reshape(-1, 2).T)  # type: ignore[return-value]


def components(n: int, pairs: Pairs) -> np.ndarray:
    """Who stands for each row where all that hangs together is one: the first. [int64 (n,)]"""
    _, label = connected_components(csr_matrix((np.ones(len(pairs[0])), pairs), shape=(n, n)), directed=False)
    _, first = np.unique(label, return_index=True)
    return np.asarray(first[label])


def dropped_line(what: str, data: Labelled, kept: np.ndarray, how: str) -> dict[str, object]:
    """How many rows were dropped, and for a row of their own group."""
    lost = np.flatnonzero(kept != np.arange(len(kept)))
    right = data.group[kept[lost]] == data.group[lost]
    by_half = [right[data.half[lost] == half].mean() if len(lost) else 1.0 for half in (0, 1)]
    return {"dropped by": what, "rows dropped": len(lost) / len(kept), "precision": right.mean() if len(lost) else 1.0,
            "half 0": by_half[0], "half 1": by_half[1], "largest set": int(np.bincount(kept).max()),
            "thresholds": how}  # fmt: skip


def link_line(what: str, data: Labelled, predicted: csr_matrix, how: str) -> dict[str, object]:
    """Row-wise F1 over each half, and pairs."""
    f1, (precision, recall) = data.row_f1(predicted), data.pairwise(predicted)
    both = 2 * precision * recall / max(1e-9, precision + recall)
    return {"links by": what, "row F1": f1.mean(), "half 0": f1[data.half == 0].mean(),
            "half 1": f1[data.half == 1].mean(), "pair P": precision, "pair R": recall, "pair F1": both,
            "thresholds": how}  # fmt: skip


def chosen_line(what: str, data: Labelled, at: Callable[[int, float], csr_matrix]) -> dict[str, object]:
    """Choose a threshold on one half of the groups and score the rows of the other, both ways; pairs: at their mean."""
    scores, picked = {}, []
    for half in (0, 1):
        curve = [data.row_f1(at(half, t))[data.half == half].mean() for t in GRID]
        picked.append(float(GRID[int(np.argmax(curve))]))
        scores[1 - half] = data.row_f1(at(half, picked[-1]))[data.half != half]
    line = link_line(what, data, at(0, float(np.mean(picked))), f"{picked[0]:.2f} and {picked[1]:.2f}, by labels")
    return line | {"row F1": np.concatenate([scores[0], scores[1]]).mean(), "half 0": scores[0].mean(),
                   "half 1": scores[1].mean()}  # fmt: skip


def trained(data: Labelled) -> dict[str, object]:
    """Boosted trees over what is known of a pair, learnt on the pairs within one half of the groups."""
    _, links = ours(data, EVERYTHING)
    left, right = links["left_id"].to_numpy(int), links["right_id"].to_numpy(int)
    said, sets, n = words(data.texts), shingles(data.texts), len(data.df)
    grams = [set(sets.values[a:b].tolist()) for a, b in zip(sets.offsets, sets.offsets[1:], strict=False)]
    lengths = np.diff(said.offsets)
    alike = cosine(said, weights(frequencies(said), n), left, right)
    best = np.zeros(n)
    for side in (left, right):
        np.maximum.at(best, side, alike)
    columns = [
        alike, [len(grams[a] & grams[b]) / max(1, len(grams[a] | grams[b])) for a, b in zip(left, right, strict=True)],
        np.minimum(lengths[left], lengths[right]), np.maximum(lengths[left], lengths[right]),
        pd.factorize(links["veto"])[0], alike - np.minimum(best[left], best[right]),
        alike - np.maximum(best[left], best[right]),
    ]  # fmt: skip
    if data.phash:
        columns.append(np.bitwise_count(data.words[left] ^ data.words[right]))
    table, truth = np.stack([np.asarray(c, float) for c in columns], 1), data.group[left] == data.group[right]
    score = []
    for half in (0, 1):
        mine = (data.half[left] == half) & (data.half[right] == half)
        model = HistGradientBoostingClassifier(max_iter=200, learning_rate=0.06, random_state=0)
        score.append(model.fit(table[mine], truth[mine]).predict_proba(table)[:, 1])

    def at(half: int, threshold: float) -> csr_matrix:
        chosen = score[half] >= threshold
        return sets_of(n, (left[chosen], right[chosen]))

    return chosen_line("ours, trained: boosted trees on pairs", data, at)


def link_table(data: Labelled) -> list[dict[str, object]]:
    """Ours, label-free and trained, and the baselines."""
    n, texts = len(data.df), data.texts.to_pylist()
    kept, links = ours(data, DeduplicateConfig(preset="training"))
    lines = [link_line("ours, as shipped", data, sets_of(n, same_product(links), kept), "shipped")]
    by_text = DeduplicateConfig(preset="training", links=LinkConfig(word_similarity=1, image_far_64=1, nearest=0))
    kept, links = ours(data, by_text)
    lines.append(link_line("ours without rare words", data, sets_of(n, same_product(links), kept), "shipped"))
    lines.append(trained(data))
    lines.append(link_line("datasketch, words", data, sets_of(n, datasketch(texts)), "0.5"))
    lines.append(link_line("MinHash, char-3, no veto", data, sets_of(n, char_minhash(data.texts, 0.6)), "0.6"))
    if data.phash:
        lines.append(link_line("pHash alone", data, sets_of(n, near_photos(data.words, 4)), "4 of 64 bits"))
    (left, right), value = tfidf(texts, float(GRID[0]))

    def at(half: int, threshold: float) -> csr_matrix:
        return sets_of(n, (left[value >= threshold], right[value >= threshold]))

    lines.append(chosen_line("TF-IDF cosine", data, at))
    return lines


def drop_table(data: Labelled) -> list[dict[str, object]]:
    """Ours at the shipped thresholds and at neighbouring ones; then what drops by components."""
    n, texts = len(data.df), data.texts.to_pylist()
    steps = {
        "ours, as shipped": {},
        "… titles .1 more alike": {"text_beside_photo": {0: 0.4, 2: 0.5, 4: 0.6, 8: 0.7}},
        "… titles .1 less alike": {"text_beside_photo": {0: 0.2, 2: 0.3, 4: 0.4, 8: 0.5}},
        "… no photo beyond 4 bits": {"text_beside_photo": {0: 0.3, 2: 0.4, 4: 0.5}},
        "… one threshold: .6, 4 bits": {"text_beside_photo": {4: 0.6}},
    }
    lines = []
    for what, changed in steps.items():
        kept, _ = ours(data, DeduplicateConfig(preset="training", **changed))
        lines.append(dropped_line(what, data, kept, str(changed or "shipped")))
    photos = near_photos(data.words, 4)
    lines.append(dropped_line("pHash alone, components", data, components(n, photos), "4 of 64 bits"))
    lines.append(dropped_line("datasketch, components", data, components(n, datasketch(texts)), "0.5"))
    lines.append(dropped_line("MinHash, components", data, components(n, char_minhash(data.texts, 0.6)), "0.6"))
    return lines


def veto_table(data: Labelled) -> list[dict[str, object]]:
    """Of pairs with alike titles: how many have a veto, and are those different products?"""
    _, links = ours(data, EVERYTHING)
    truth = data.group[links["left_id"].to_numpy(int)] == data.group[links["right_id"].to_numpy(int)]
    veto, alike = links["veto"].notna().to_numpy(), links["similarity"].to_numpy()
    return [
        {"titles alike from": at, "pairs": int((near := alike >= at).sum()), "with a veto": veto[near].mean(),
         "of them different": 1 - truth[near & veto].mean(), "others different": 1 - truth[near & ~veto].mean()}
        for at in (0.5, 0.6, 0.7, 0.8, 0.9)
    ]  # fmt: skip


def fashion_table(df: pd.DataFrame) -> list[dict[str, object]]:
    """One shop's photos on white: a quarter of the titles repeat, and no two products are the same."""
    found = find_duplicates(df.assign(shop="one"), id="id", image="image_bytes", seller="shop")
    rows = df.set_index("id")
    vetoed = found.links[found.links["veto"] == "photo"]
    repeated = df["title"].duplicated(keep="first").sum()
    lines = []
    for what, pairs in (("dropped", found.dropped[["dropped_id", "kept_id"]]),
                        ("equal title kept: photos differ", vetoed[["left_id", "right_id"]])):  # fmt: skip
        one, other = rows.loc[pairs.iloc[:, 0]], rows.loc[pairs.iloc[:, 1]]
        same = [(one[c].to_numpy() == other[c].to_numpy()).mean() for c in ("articleType", "baseColour")]
        lines.append({"pairs": what, "how many": len(pairs), "same type": same[0], "same colour": same[1]})
    return [*lines, {"pairs": "dropping every equal title would take", "how many": int(repeated)}]


def planted_table(rows: int, seeds: int) -> list[dict[str, object]]:
    """Drawn catalogs: copies by the same seller must go, variants must stay."""
    total: dict[str, np.ndarray] = {}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            write_sample(folder, rows, seed=seed, photos=False)
            df = pd.concat(pd.read_csv(f, dtype=str) for f in sorted(Path(folder, "listings").glob("*.csv")))
            truth = pd.read_parquet(Path(folder, "truth.parquet")).fillna({"detail": ""})
        df = df.drop_duplicates("sku").rename(columns={"maker": "brand", "ean": "gtin"}).reset_index(drop=True)
        df["title"] = clean_texts(pa.array(df["name"].fillna("").tolist()), tuple(RULES))[0].to_pylist()
        found = find_duplicates(df.drop(columns="product"), id="sku", seller="shop",
                                attributes=["colour", "size", "material", "pattern"])  # fmt: skip
        place, texts = pd.Index(df["sku"]), normalise(pa.array(df["title"]))
        mine = np.arange(len(df))
        mine[place.get_indexer(found.dropped["dropped_id"])] = place.get_indexer(found.dropped["kept_id"])
        kept = {"ours, as shipped": mine, "datasketch, components": components(len(df), datasketch(texts.to_pylist())),
                "MinHash, components": components(len(df), char_minhash(texts, 0.6))}  # fmt: skip
        copies = truth[(truth["kind"] == "exact_copy") | truth["detail"].str.contains("same_seller")]
        for what, stands in kept.items():
            counts = []
            for facts in (copies, truth[truth["kind"] == "variant"]):
                one, other = (place.get_indexer(facts[c]) for c in ("id", "of"))
                known = (one >= 0) & (other >= 0)
                counts += [int(known.sum()), int((stands[one[known]] == stands[other[known]]).sum())]
            total[what] = total.get(what, np.zeros(4, int)) + counts
    return [{"dropped by": what, "own copies": int(n[0]), "found": n[1] / max(1, n[0]), "variants": int(n[2]),
             "wrongly dropped": n[3] / max(1, n[2])} for what, n in total.items()]  # fmt: skip


def main() -> None:
    """Measure what there is, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the labelled catalogs")
    parser.add_argument("--rows", type=int, default=2000, help="of each drawn catalog")
    parser.add_argument("--seeds", type=int, default=3, help="drawn catalogs")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    tables = {
        f"planted, {options.seeds} x {options.rows:,} rows, titles only": planted_table(options.rows, options.seeds)
    }
    shopee, offers, fashion = (options.data and options.data / name for name in (
        "shopee_titles/postings.parquet", "pricerunner_clusters/offers.parquet", "fashion_catalog/catalog.parquet"))  # fmt: skip
    if shopee and shopee.exists():
        data = Labelled(pd.read_parquet(shopee), "label_group", "image_phash")
        tables["shopee_titles, preset training: dropped"] = drop_table(data)
        tables["shopee_titles: links"] = link_table(data)
    if offers and offers.exists():
        data = Labelled(pd.read_parquet(offers), "cluster_id")
        tables["pricerunner_clusters: links"] = link_table(data)
        tables["pricerunner_clusters: vetoes"] = veto_table(data)
    if fashion and fashion.exists():
        tables["fashion_catalog, as one shop"] = fashion_table(pd.read_parquet(fashion))
    for name, lines in tables.items():
        print(f"\n{name}\n{pd.DataFrame(lines).fillna('').to_string(index=False, float_format='{:.3f}'.format)}")
    if options.json:
        options.json.write_text(json.dumps(tables, indent=1, default=float))


if __name__ == "__main__":
    main()
