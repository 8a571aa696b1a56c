import itertools

import numpy as np
import pyarrow as pa
import pytest
from eclip.models.data import Pairs, drop_words
from eclip.models.transforms import Preprocess
from eclip.schemas.dataset import Dataset, PartWriter, part_name
from eclip.schemas.errors import EclipError
from eclip.schemas.listing import PAIRS
from eclip.schemas.storage import Storage

from .conftest import draw, listings, pairs_of

FRAME = Preprocess(size=32, resize_mode="squash")


def labelled(products, families):
    n = len(products)
    photos = np.zeros((n, 1, 1, 3), np.uint8)
    return Pairs(photos, [""] * n, np.array(products), np.array(families), [None] * n)


def test_reads_a_dataset_of_several_shards_in_order(tmp_path):
    rows = listings(10)
    for shard, part in enumerate((rows[:6], [], rows[6:])):
        table = pa.Table.from_pylist(
            [{**row, "group_hash": i, "image_sha": "x"} for i, row in enumerate(part)], schema=PAIRS.schema
        )
        with PartWriter(Storage(str(tmp_path / part_name(shard, 3))), PAIRS, PAIRS.schema) as writer:
            for batch in table.to_batches():
                writer.write(batch)
    pairs = Pairs.read(Dataset(Storage(str(tmp_path)), 3), FRAME)
    assert pairs.titles == [row["title"] for row in rows]
    assert pairs.photos.shape == (10, 36, 36, 3)
    assert (pairs.photos == pairs_of(rows).photos).all()
    same_product = [[a["product_id"] == b["product_id"] for a in rows] for b in rows]
    assert (pairs.products[:, None] == pairs.products[None]).tolist() == same_product
    same_family = [[a["group_id"] == b["group_id"] for a in rows] for b in rows]
    assert (pairs.families[:, None] == pairs.families[None]).tolist() == same_family


def test_a_listing_without_product_or_family_stands_alone():
    rows = [{**row, "product_id": None, "group_id": None} for row in listings(5)]
    rows[0]["product_id"] = rows[1]["id"]  # a product that bears the name of a listing
    pairs = pairs_of(rows)
    assert len(set(pairs.products)) == len(set(pairs.families)) == 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"jpeg": None}, "pair '0-0002' has no photo"),
        ({"title": None}, "pair '0-0002' has no title"),
        ({"jpeg": b"?"}, "pair '0-0002': photo"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(change, says):
    rows = listings(4)
    rows[2] = {**rows[2], **change}
    with pytest.raises(EclipError, match=says):
        pairs_of(rows)


def test_an_epoch_meets_every_row_once_and_no_epoch_is_like_another():
    pairs = labelled(range(50), np.arange(50) // 3)
    one, other = pairs.order(0, 0), pairs.order(0, 1)
    assert sorted(one) == sorted(other) == list(range(50))
    assert (one != other).any()
    assert (one != pairs.order(1, 0)).any()
    assert (one == pairs.order(0, 0)).all()


def test_members_of_a_family_seldom_meet_in_a_batch():
    families = np.arange(320) // 4
    pairs = labelled(range(320), families)
    random = np.random.default_rng(0).permutation(320)

    def meetings(order):
        return sum(16 - len(set(families[batch])) for batch in order.reshape(-1, 16))

    assert meetings(pairs.order(0, 0)) == 0
    assert meetings(random) > 0


def test_a_family_larger_than_an_epoch_has_batches_is_spread_evenly():
    families = np.array([0] * 30 + list(range(1, 71)))
    order = labelled(range(100), families).order(0, 0)
    counts = (families[order] == 0).reshape(-1, 10).sum(1)
    assert counts.min() >= 1
    assert counts.max() <= 6


def test_batches_do_not_depend_on_where_one_began():
    pairs = labelled(range(20), range(20))
    whole = list(itertools.islice(pairs.batches(3, 6), 10))
    late = list(itertools.islice(pairs.batches(3, 6, first=4), 6))
    assert all((a == b).all() for a, b in zip(whole[4:], late, strict=True))
    assert [len(rows) for rows in whole] == [6] * 10
    assert len(set(np.concatenate(whole[:3]))) == 18  # three full batches, two rows wait


def test_fewer_rows_than_a_batch_are_one_batch():
    assert len(next(labelled(range(5), range(5)).batches(0, 64))) == 5


def test_dropped_words_are_a_share_and_never_all():
    titles = ["a b c d e f g h"] * 500 + ["one"] * 5
    shorter = drop_words(titles, 0.25, np.random.default_rng(0))
    left = sum(len(title.split()) for title in shorter[:500])
    assert 0.7 < left / (500 * 8) < 0.8
    assert shorter[500:] == ["one"] * 5
    assert drop_words(titles, 0.0, np.random.default_rng(0)) == titles
    assert drop_words(titles, 0.25, np.random.default_rng(0)) == shorter


def test_thumbs_are_the_photos_at_another_size():
    pairs = pairs_of([{**row, "jpeg": draw("box", "blue")} for row in listings(3)])
    thumbs = pairs.thumbs(2, 64)
    assert thumbs.shape == (2, 64, 64, 3)
    assert thumbs[0, 32, 32].tolist() == pytest.approx(pairs.photos[0, 18, 18].tolist(), abs=8)


def test_more_photos_than_memory_are_refused_before_any_is_read():
    with pytest.raises(EclipError, match="GB, more than this machine"):
        Pairs.of([], FRAME, 10**12)
