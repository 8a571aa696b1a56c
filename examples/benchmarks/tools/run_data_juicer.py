"""Drop duplicates with Data-Juicer's document_minhash_deduplicator: `work FOLDER`, `report FOLDER`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

RECIPE = """\
project_name: titles
dataset_path: {folder}/titles.jsonl
export_path: {folder}/kept.jsonl
np: 1
use_cache: false
open_tracer: false
process:
  - document_minhash_deduplicator:
      tokenization: character   # by words, titles of fewer than five would be lost but for one
      window_size: 4
      jaccard_threshold: 0.7
"""


def work(folder: Path) -> None:
    """Run the recipe with its own command."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(folder=folder))
    command = str(Path(sys.executable).with_name("dj-process"))
    os.execv(command, [command, "--config", str(recipe)])


def report(folder: Path) -> None:
    """Write removed.tsv: id, and nothing of its cluster, which Data-Juicer does not say."""
    ids = [{json.loads(line)["id"] for line in (folder / name).open()} for name in ("titles.jsonl", "kept.jsonl")]
    (folder / "removed.tsv").write_text("".join(f"{i}\t\n" for i in sorted(ids[0] - ids[1])))


if __name__ == "__main__":
    {"work": work, "report": report}[sys.argv[1]](Path(sys.argv[2]))
