"""How right duplicates and links are: ours beside honest baselines, on labelled catalogs and on planted ones.

    python examples/benchmarks/quality.py --data DIR [--rows 2000] [--seeds 3] [--json FILE]

DIR holds shopee_titles, pricerunner_clusters and fashion_catalog; what is not there is left out. Ours runs with the
thresholds that are shipped, without labels; but they were chosen by people who looked at these very catalogs. Where
thresholds of a peer or of the trained row are chosen, that is done on the other half of the groups, and both halves
are scored in turn. Candidates come from all rows. A label is an opinion, too: of the pairs with one photo, 3.8 % have
two labels in shopee_titles.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from eclip.examples.benchmarks.labelled import Labelled, Pairs, sets_of
from eclip.examples.benchmarks.peers import char_minhash, components, datasketch, near_photos, tfidf
from eclip.examples.sample import write_sample
from eclip.quality.duplicates.find import find_duplicates
from eclip.quality.duplicates.minhash import shingles
from eclip.quality.duplicates.words import cosine, frequencies, weights, words
from eclip.quality.text.clean import clean_texts
from eclip.quality.text.normalise import normalise
from eclip.quality.text.rules import RULES
from eclip.schemas.deduplicate_config import LINK, DecisionConfig, DeduplicateConfig, LinkConfig
from scipy.sparse import csr_matrix
from sklearn.ensemble import HistGradientBoostingClassifier

GRID = np.arange(0.2, 0.95, 0.05)
EVERYTHING = DeduplicateConfig(
    decision=DecisionConfig(image_and_text=LINK, equal_title=LINK, equal_gtin=LINK, text=LINK, image=LINK),
    store_floor=0.3, links=LinkConfig(word_similarity=0.3, nearest=0), max_links=100,
)  # fmt: skip


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
        columns.append(np.bitwise_count(data.hashes[left] ^ data.hashes[right]))
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
        lines.append(link_line("pHash alone", data, sets_of(n, near_photos(data.hashes, 4)), "4 of 64 bits"))
    (left, right), value = tfidf(texts, float(GRID[0]))

    def above(_: int, threshold: float) -> csr_matrix:
        return sets_of(n, (left[value >= threshold], right[value >= threshold]))

    lines.append(chosen_line("TF-IDF cosine", data, above))
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
    photos = near_photos(data.hashes, 4)
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
    """One shop's photos on white: a quarter of the titles repeat, and each row is a product of its own."""
    lines: list[dict[str, object]] = []
    rows = df.set_index("id")
    for far in (0.25, 0.125):
        config = DeduplicateConfig(image_far=far)
        found = find_duplicates(df.assign(shop="one"), id="id", image="image_bytes", seller="shop", config=config)
        vetoed = found.links[found.links["veto"] == "photo"]
        for what, pairs in (("dropped", found.dropped[["dropped_id", "kept_id"]]),
                            ("equal titles kept for their photos", vetoed[["left_id", "right_id"]])):  # fmt: skip
            one, other = rows.loc[pairs.iloc[:, 0]], rows.loc[pairs.iloc[:, 1]]
            same = [(one[c].to_numpy() == other[c].to_numpy()).mean() for c in ("articleType", "baseColour")]
            lines.append({"image_far": far, "pairs": what, "how many": len(pairs), "same type": same[0],
                          "same colour": same[1]})  # fmt: skip
    repeated = int(df["title"].duplicated().sum())
    return [*lines, {"pairs": "dropping every equal title would take", "how many": repeated}]


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
    files = "shopee_titles/postings.parquet", "pricerunner_clusters/offers.parquet", "fashion_catalog/catalog.parquet"
    shopee, offers, fashion = (options.data and options.data / name for name in files)
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
        print(f"\n{name}\n{pd.DataFrame(lines).to_string(index=False, na_rep='', float_format='{:.3f}'.format)}")
    if options.json:
        options.json.write_text(json.dumps(tables, indent=1, default=float))


if __name__ == "__main__":
    main()
