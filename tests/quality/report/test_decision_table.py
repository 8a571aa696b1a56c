import numpy as np
import pyarrow as pa
from eclip.quality.duplicates.agreement import AGREEMENTS, REASONS, TABLED
from eclip.quality.duplicates.edges import EDGES
from eclip.quality.report.data import Dropped, Duplicates, Listing
from eclip.quality.report.decision_table import (
    AGREE,
    add,
    pair_hash,
    table,
    table_sum,
    tally,
    thresholds,
    why_dropped,
)
from eclip.schemas.deduplicate_config import DeduplicateConfig


def edge(left, right, text=0.9, distance=0, seller=1, veto=None, title=False, gtin=False, reworded=False):
    """A verified pair: photo and title agree unless told otherwise."""
    values = [left, right, text, 0.0, distance, 256, 0.0, seller, title, gtin, False, reworded, veto]
    return dict(zip(EDGES.names, values, strict=True))


def test_pairs_are_counted_by_cell():
    edges = pa.Table.from_pylist(
        [
            edge("a", "b"),  # dropped
            edge("a", "c"),  # would drop, but c was dropped for another
            edge("a", "d", veto="colour"),
            edge("a", "f", reworded=True),
            edge("b", "f", distance=200, title=True),  # the photos show something else
            edge("a", "e", seller=0),
            edge("b", "e", distance=-1, seller=-1),
            edge("c", "e", text=0.1, distance=200),  # nothing agrees
            edge("d", "e", text=0.1, distance=200, gtin=True, seller=0),
        ],
        schema=EDGES,
    )
    dropped = np.sort(np.array([pair_hash("b", "a"), pair_hash("x", "y")], np.uint64))
    found = tally(edges, dropped, DeduplicateConfig())
    assert found == {
        "image_and_text": {
            "same_seller": {"pairs": 4, "dropped": 1, "vetoed": 2},
            "other_seller": {"pairs": 1, "dropped": 0, "vetoed": 0},
        },
        "equal_title": {"same_seller": {"pairs": 1, "dropped": 0, "vetoed": 1}},
        "text": {"unknown_seller": {"pairs": 1, "dropped": 0, "vetoed": 0}},
        "gtin": {"other_seller": {"pairs": 1, "dropped": 0, "vetoed": 0}},
    }


def test_counts_of_shards_add_up():
    total: dict = {}
    one = {"text": {"same_seller": {"pairs": 2, "dropped": 0, "vetoed": 0}}}
    add(total, one)
    add(total, one)
    assert total["text"]["same_seller"]["pairs"] == 4


def test_the_table_in_force_is_shown_cell_by_cell():
    config = DeduplicateConfig(preset="training")
    cells = {"image_and_text": {"other_seller": {"pairs": 3, "dropped": 2, "vetoed": 1}}}
    found = Duplicates(cells=cells)
    rows = dict(table(found, {"table": config.table.model_dump()}))
    assert list(rows) == [
        "photo and title",
        "titles, equal once normalised",
        "title, and the GTINs are equal",
        "title only",
        "photo only",
    ]
    assert [cell.outcome for cell in rows["photo and title"]] == ["drop", "drop", "drop"]
    assert rows["photo and title"][1].dropped == 2
    assert table_sum(found) == 2


def test_a_drop_is_explained():
    listing = Listing(id="a")
    both = Dropped(listing=listing, rule="image_and_text", text_similarity=0.79, image_distance=4)
    assert why_dropped(both) == "photo and title agree; titles 79% alike; photos 4 bits apart"
    title = Dropped(listing=listing, rule="equal_title", text_similarity=1.0, image_distance=-1)
    assert why_dropped(title) == "titles are equal; titles 100% alike"


def test_every_agreement_has_words():
    assert set(AGREE) == set(AGREEMENTS)
    assert set(REASONS) == set(TABLED)


def test_thresholds_are_said_as_they_were_in_force():
    config = DeduplicateConfig(text_beside_photo={4: 0.5, 0: 0.25}, price_ratio=3, max_set=40, colour_distance=5)
    said = " ".join(thresholds({**config.model_dump(mode="json"), "table": config.table.model_dump()}))
    assert "0.25 where the hashes are equal and 0.5 where at most 4 of 64 bits differ" in said
    assert "colours are at most 5 apart" in said
    assert "one costs 3 times the other" in said
    assert "more than 40 listings" in said
    assert "says a word that the other lacks" in said
    assert "word" not in thresholds({"preset": "training"})[-2]
    assert "the largest photo, then the most fields filled in" in said  # no seller is trusted: nothing is said of trust


def test_what_was_not_recorded_is_not_said():
    assert thresholds({}) == []
    assert not any("costs" in sentence for sentence in thresholds({"text_similarity": 0.6}))


def test_trust_comes_first_where_sellers_are_trusted():
    said = thresholds({"trusted_sellers": ["north"]})
    assert said[-1].startswith("Of a set stays the listing with the most trusted seller, then")
