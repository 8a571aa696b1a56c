"""What agrees on an edge, and what speaks against dropping by it."""

from __future__ import annotations

import pyarrow as pa
import pytest
from eclip.quality.duplicates.agreement import AGREEMENTS, agreement, contradiction, dropping, nearness, resemblance
from eclip.quality.duplicates.edges import EDGES
from eclip.schemas.deduplicate_config import DeduplicateConfig, LinkConfig
from hypothesis import given, settings
from hypothesis import strategies as st

CONFIG = DeduplicateConfig(preset="training")


def edges(*rows: dict[str, object]) -> pa.Table:
    blank = {"left_id": "a", "right_id": "b", "text_similarity": 0.0, "word_similarity": 0.0, "image_distance": -1,
             "image_bits": 0, "colour_distance": None, "same_seller": 1, "equal_title": False, "equal_gtin": False,
             "veto": None}  # fmt: skip
    return pa.Table.from_pylist([blank | row for row in rows], EDGES)


def photo(distance: int, bits: int = 64, colour: float | None = None) -> dict[str, object]:
    return {"image_distance": distance, "image_bits": bits, "colour_distance": colour}


def named(row: dict[str, object], config: DeduplicateConfig = CONFIG) -> str | None:
    place = agreement(edges(row), config)[0]
    return AGREEMENTS[place] if place >= 0 else None


@pytest.mark.parametrize(
    ("distance", "least"), [(0, 0.3), (1, 0.4), (2, 0.4), (3, 0.5), (4, 0.5), (5, 0.6), (8, 0.6), (9, None)]
)
def test_a_nearer_photo_asks_less_of_the_title(distance: int, least: float | None) -> None:
    for bits, colour in ((64, None), (256, 0.0)):
        apart = photo(distance * bits // 64, bits, colour)
        if least is None:
            assert named(apart | {"text_similarity": 0.9}) != "image_and_text"
        else:
            assert named(apart | {"text_similarity": least}) == "image_and_text"
            assert named(apart | {"text_similarity": least - 0.01}) != "image_and_text"


def test_another_colour_is_another_photo_whatever_its_shape() -> None:
    assert named(photo(0, 256, 0.0) | {"text_similarity": 0.9}) == "image_and_text"
    assert named(photo(0, 256, CONFIG.colour_distance + 1) | {"text_similarity": 0.9}) == "text"


def test_words_and_photo_add_up_to_a_link() -> None:
    words, far = CONFIG.links.word_similarity, CONFIG.links.image_far_64
    half_near = (CONFIG.image_distance_64 + far) // 2
    assert named({"word_similarity": words}) == "resemblance"
    assert named({"word_similarity": words - 0.01}) is None
    assert named(photo(half_near) | {"word_similarity": words / 2}) == "resemblance"
    assert named(photo(half_near) | {"word_similarity": words / 2 - 0.02}) is None
    assert named(photo(far) | {"word_similarity": words / 2}) is None


def test_what_only_resembles_is_never_dropped() -> None:
    rows = edges({"word_similarity": 1.0}, photo(10) | {"word_similarity": 0.4}, {"equal_gtin": True})
    for preset in ("catalog", "training"):
        config = DeduplicateConfig(preset=preset)
        agrees = agreement(rows, config)
        assert (agrees >= 0).all()
        assert not dropping(rows, agrees, config).any()


def test_nearness_falls_from_photos_that_agree_to_photos_that_are_far() -> None:
    near = nearness(edges(*(photo(d) for d in range(40)), photo(10, 256, 99.0), {}), CONFIG)
    assert (near[: CONFIG.image_distance_64 + 1] == 1).all()
    assert (near[CONFIG.links.image_far_64 : 40] == 0).all()
    assert (near[1:40] <= near[:39]).all()
    assert near[40] == near[41] == 0  # another colour; no photo


@pytest.mark.parametrize(
    ("row", "contradicts"),
    [
        ({"equal_title": True} | photo(17), True),
        ({"equal_title": True} | photo(16), False),
        ({"equal_title": True} | photo(65, 256, 0.0), True),
        ({"equal_title": True}, False),  # a photo is missing
        ({"text_similarity": 0.9} | photo(30), True),
        ({"text_similarity": 0.9, "equal_gtin": True} | photo(30), False),
    ],
)
def test_far_photos_contradict_a_text_that_stands_alone(row: dict[str, object], contradicts: bool) -> None:
    rows = edges(row)
    assert contradiction(rows, agreement(rows, CONFIG), CONFIG)[0] == contradicts


SOME = st.fixed_dictionaries({
    "text_similarity": st.floats(0, 1, width=32), "word_similarity": st.floats(0, 1, width=32),
    "image_distance": st.integers(-1, 64), "equal_title": st.booleans(), "equal_gtin": st.booleans(),
    "same_seller": st.sampled_from([-1, 0, 1]),
}).map(lambda row: row | {"image_bits": 64 if int(str(row["image_distance"])) >= 0 else 0})  # fmt: skip


@settings(deadline=None)
@given(st.lists(SOME, min_size=1, max_size=8), st.floats(0, 0.3))
def test_no_pair_drops_that_a_looser_configuration_would_not_drop(rows: list[dict[str, object]], by: float) -> None:
    strict = DeduplicateConfig(
        preset="training", text_similarity=0.6 + by, text_beside_photo={0: 0.3 + by, 2: 0.4 + by, 4: 0.5 + by}
    )
    loose, table = CONFIG, edges(*rows)
    dropped = [dropping(table, agreement(table, c), c) for c in (strict, loose)]
    assert not (dropped[0] & ~dropped[1]).any()


@settings(deadline=None)
@given(st.lists(SOME, min_size=1, max_size=8), st.floats(0, 0.3))
def test_no_pair_is_linked_that_a_looser_configuration_would_not_link(rows: list[dict[str, object]], by: float) -> None:
    strict = DeduplicateConfig(links=LinkConfig(word_similarity=0.5 + by, image_far_64=16))
    table = edges(*rows)
    assert (resemblance(table, strict) <= resemblance(table, DeduplicateConfig())).all()


@pytest.mark.parametrize(
    ("table", "says"),
    [({0: 0.6, 4: 0.3}, "must ask for titles more alike"), ({20: 0.9}, "0 to 16 of 64 bits"), ({0: 1.5}, "0 to 1")],
)
def test_a_table_that_makes_no_sense_is_refused(table: dict[int, float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DeduplicateConfig(text_beside_photo=table)
