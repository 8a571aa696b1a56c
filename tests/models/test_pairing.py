import pyarrow as pa
import pytest
from eclip.models import pairing
from eclip.models.heads.matching import MatchingHead
from eclip.models.labelled import Labelled
from eclip.schemas.config import HeadsConfig, PredictConfig

from .conftest import embedded


def splits(count=120, seed=0):
    rows, _ = embedded(count, seed)
    split = rows["split"].to_pylist()
    return [Labelled.of(rows.filter(pa.array([s == name for s in split])), HeadsConfig()) for name in ("train", "val")]


def test_the_head_of_fused_vectors_is_the_one_saved(tmp_path):
    train, val = splits()
    report = pairing.fit(train, val, PredictConfig(), tmp_path, "hash")
    head = MatchingHead.load(tmp_path / "matching")
    pairs = pairing.candidates(pairing._unit_rows(train, "both"), PredictConfig().neighbours)
    products = pairing._numbers(train.products)
    assert head == MatchingHead.fit(pairs, products, "hash")
    assert report["matching"]["labels"] == len(set(train.products))


def test_a_pair_that_no_neighbour_proposes_counts_as_missed(tmp_path):
    train, val = splits()
    narrow = pairing.fit(train, val, PredictConfig(neighbours=1), tmp_path, "")["matching"]["both"]
    assert narrow["recall"] <= narrow["candidate_recall"] < 1


def test_unlabelled_listings_are_not_judged(tmp_path):
    train, val = splits()
    some = [p if i % 2 else None for i, p in enumerate(val.products)]
    half = Labelled(**{**val.__dict__, "products": some})
    report = pairing.fit(train, half, PredictConfig(), tmp_path, "")
    assert report["clustering"]["rows_val"] == len(some) // 2
    assert 0 <= report["clustering"]["both"]["f1"] <= 1


def test_too_few_pairs_train_nothing(tmp_path):
    train, val = splits()
    alone = Labelled(**{**train.__dict__, "products": [f"p{i}" for i in range(len(train))]})
    report = pairing.fit(alone, val, PredictConfig(), tmp_path, "")
    assert [task["trained"] for task in report.values()] == [False, False]
    assert report["matching"]["reason"] == "0 proposed training pairs are of one product; 5 are needed"
    assert not list(tmp_path.iterdir())


def test_catalogs_beyond_the_limit_lose_whole_families(monkeypatch, tmp_path):
    train, val = splits()
    monkeypatch.setattr(pairing, "ROWS", 45)
    report = pairing.fit(train, val, PredictConfig(), tmp_path, "")
    assert report["matching"]["rows_train"] == pytest.approx(45, abs=3)
