from __future__ import annotations

import pyarrow as pa
from eclip.quality.duplicates.edges import EDGES
from eclip.quality.report.story import pairs, quoted, title_needed, why_it_stays, would_stay
from eclip.schemas.deduplicate_config import DeduplicateConfig

CONFIG = DeduplicateConfig()
EDGE = {"left_id": "a", "right_id": "b", "text_similarity": 0.82, "word_similarity": 0.9, "image_distance": 3,
        "image_bits": 256, "colour_distance": 1.0, "same_seller": 1, "equal_title": False, "equal_gtin": False,
        "copy": False, "reworded": False, "veto": None}  # fmt: skip


def edges(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist([{**EDGE, **row} for row in rows], EDGES)


def test_a_pair_is_told_with_its_scores_and_thresholds() -> None:
    (pair,) = pairs(edges({}), "b", CONFIG)
    assert (pair.other_id, pair.agrees, pair.seller, pair.drops, pair.veto) == (
        "a",
        "image_and_text",
        "same_seller",
        True,
        "",
    )
    assert pair.said == (
        "titles 0.82 alike (0.4 agree beside this photo), photos 3 of 256 bits apart (32 agree), colours 1.0 apart "
        "(4 agree), same seller; what agrees: photo and title"
    )
    ways = would_stay(pair, CONFIG)
    assert "deduplicate.decision had “link” for photo and title, same seller" in ways
    assert "the titles were under 0.4 alike; they are 0.82" in ways
    assert ways[-1] == "its id stood in the put-back list"


def test_the_strongest_pair_comes_first_and_what_keeps_apart_is_named() -> None:
    found = pairs(
        edges(
            {"right_id": "c", "image_distance": -1, "image_bits": 0, "text_similarity": 0.7, "same_seller": 0},
            {"right_id": "d", "veto": "colour"},
            {"right_id": "e", "equal_title": True, "text_similarity": 1.0, "image_distance": 200},
        ),
        "a", CONFIG,
    )  # fmt: skip
    assert [(p.other_id, p.agrees, p.drops, p.veto) for p in found] == [
        ("d", "image_and_text", False, "colour"), ("e", "equal_title", False, "photo"), ("c", "text", False, "")
    ]  # fmt: skip


def test_a_nearer_photo_asks_less_of_the_title() -> None:
    needed = [title_needed({**EDGE, "image_distance": bits}, CONFIG) for bits in (0, 8, 16, 32, 60)]
    assert needed == [0.3, 0.4, 0.5, 0.6, 0.6]
    assert title_needed({**EDGE, "image_distance": 0, "colour_distance": 50.0}, CONFIG) == 0.6


def test_why_one_stays_and_not_the_other() -> None:
    small, large = {"width": 100, "height": 100}, {"width": 200, "height": 150}
    assert why_it_stays(large, small, CONFIG) == "its photo is larger: 200 × 150 against 100 × 100 pixels"
    assert why_it_stays(small, large, CONFIG) == "it was kept in the run before, which counts more"
    filled = {**small, "brand": "Acme", "gtin": "4006381333931"}
    assert why_it_stays(filled, small, CONFIG) == "more of it is filled in: 2 fields against 0"
    assert why_it_stays(small, small, CONFIG).startswith("nothing tells them apart")


def test_what_sellers_wrote_is_harmless_in_a_terminal() -> None:
    said = quoted("\x1b[31mred\x1b[0m \u202egum\u0000 " + "A" * 1_000_000)
    assert not {"\x1b", "\u202e", "\x00"} & set(said)
    assert len(said) < 400
    assert quoted(None) == "nothing"
