"""Clean titles and drop duplicates with eclip: `work FOLDER` does it, `report FOLDER` says afterwards what went."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pandas as pd


def work(folder: Path) -> None:
    """Read titles.jsonl, write those that stay, and who was dropped for whom."""
    started = time.process_time()
    import pyarrow.json
    from eclip.quality.duplicates.find import find_duplicates
    from eclip.quality.text.clean import clean
    from eclip.schemas.deduplicate_config import DROP, DecisionConfig, DeduplicateConfig

    # Nothing is known but titles: as all other tools do, drop what agrees in text, whoever sells it.
    drop = DecisionConfig(image_and_text=DROP, equal_title=DROP, equal_gtin=DROP, text=DROP, image=DROP)
    (folder / "imports").write_text(str(time.process_time() - started))
    titles = clean(pyarrow.json.read_json(folder / "titles.jsonl"), title="text").to_pandas()
    found = find_duplicates(titles, title="text", id="id", config=DeduplicateConfig(decision=drop))
    titles[~titles["id"].isin(found.dropped["dropped_id"])].to_json(folder / "kept.jsonl", orient="records", lines=True)
    found.dropped.to_parquet(folder / "dropped.parquet")


def report(folder: Path) -> None:
    """Write removed.tsv: id, cluster."""
    dropped = pd.read_parquet(folder / "dropped.parquet")
    dropped[["dropped_id", "kept_id"]].to_csv(folder / "removed.tsv", sep="\t", header=False, index=False)


if __name__ == "__main__":
    {"work": work, "report": report}[sys.argv[1]](Path(sys.argv[2]))
