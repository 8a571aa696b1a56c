"""Clean titles and drop duplicates with eclip, `work FOLDER WAY`; say afterwards what went, `report FOLDER`.

WAY is `calls`: `eclip.clean`, then `eclip.find_duplicates`, in one process; or `run`: the pipeline from ingest to
deduplicate, with its filter, its gates, its tables and its report, through Beam.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

# Nothing is known but titles: as all other tools do, drop what agrees in text, whoever sells it.
DROP = dict.fromkeys(("same_seller", "other_seller", "unknown_seller"), "drop")
DECISION = dict.fromkeys(("image_and_text", "equal_title", "equal_gtin", "text", "image"), DROP)


def calls(folder: Path) -> None:
    """Read titles.jsonl, write those that stay, and who was dropped for whom."""
    import pandas as pd
    import pyarrow.json
    from eclip.quality.duplicates.find import find_duplicates
    from eclip.quality.text.clean import clean
    from eclip.schemas.deduplicate_config import DeduplicateConfig

    titles = clean(pyarrow.json.read_json(folder / "titles.jsonl").to_pandas(), title="text")
    assert isinstance(titles, pd.DataFrame)
    config = DeduplicateConfig.model_validate({"decision": DECISION})
    found = find_duplicates(titles, title="text", id="id", config=config)
    titles[found.kept].to_json(folder / "kept.jsonl", orient="records", lines=True)
    found.dropped.to_parquet(folder / "dropped.parquet")


def run(folder: Path) -> None:
    """Run the stages up to deduplicate."""
    source = {"path": "titles.jsonl", "columns": {"id": "id", "title": "text"}}
    catalog = {"name": "titles", "run": "run", "source": source, "deduplicate": {"decision": DECISION}}
    (folder / "catalog.yaml").write_text(json.dumps(catalog))  # JSON is YAML
    command = str(Path(sys.executable).with_name("eclip"))
    os.execv(command, [command, "run", str(folder / "catalog.yaml"), "--to", "deduplicate"])


def report(folder: Path) -> None:
    """Write removed.tsv: id, cluster."""
    import pandas as pd

    path = folder / "dropped.parquet"
    dropped = pd.read_parquet(path if path.exists() else folder / "run/deduplicate/duplicates")
    dropped[["dropped_id", "kept_id"]].to_csv(folder / "removed.tsv", sep="\t", header=False, index=False)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        {"calls": calls, "run": run}[sys.argv[3]](Path(sys.argv[2]))
    else:
        report(Path(sys.argv[2]))
