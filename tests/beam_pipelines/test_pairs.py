"""Given splits: what the source says stays, the rest of a family follows, and what it cuts is counted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from driver import eclip, manifest

ONE = ("--set", "runner.workers=1")


def test_a_family_of_what_judges_is_not_learnt_from(own: Path) -> None:
    done = eclip("run", own / "catalog.yaml", *ONE, "--to", "pairs")
    assert done.code == 0, done.err
    drawn = pd.read_parquet(own / "run/pairs/train").set_index("id")["group_id"]
    families = [list(members.index) for _, members in drawn.groupby(drawn) if len(members) > 1]
    assert len(families) >= 5
    given = {families[0][0]: "test", families[1][0]: "query", families[1][1]: "train", families[2][0]: "dev",
             families[3][0]: "Training", families[4][0]: "val", families[4][1]: "test"}  # fmt: skip
    for file in (own / "listings").glob("*.csv"):
        rows = pd.read_csv(file, dtype=str)
        rows["split"] = rows["sku"].map(given)
        file.unlink()  # a link to the catalog that other tests read
        rows.to_csv(file, index=False)
    done = eclip("run", own / "catalog.yaml", *ONE, "--to", "pairs")
    assert done.code == 0, done.err
    train, val = (set(pd.read_parquet(own / f"run/pairs/{name}")["id"]) for name in ("train", "val"))

    assert not set(families[0]) & (train | val)
    assert set(families[1]) & (train | val) == {families[1][1]}  # given, so it stays; the others follow the test row
    assert set(families[2]) <= val
    assert set(families[3]) <= train
    assert set(families[4]) & (train | val) == {families[4][0]}
    figures = manifest(own / "run", "pairs")["metrics"]
    assert figures["families_across_splits"] == 2
    assert figures["unaccounted_rows"] == 0
    assert "families_apart" in done.out
