from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.duplicates.agreement import AGREEMENTS, VETOES, agreement, dropping
from eclip.quality.duplicates.decision import Decisions, Nodes, decide
from eclip.quality.duplicates.edges import EDGES
from eclip.schemas.deduplicate_config import DeduplicateConfig, FamilyConfig
from hypothesis import given, settings
from hypothesis import strategies as st

CONFIG = DeduplicateConfig()


def edge(left: str, right: str, text: float = 0.0, photo: int = -1, **more: object) -> dict[str, object]:
    return {"left_id": left, "right_id": right, "text_similarity": text, "word_similarity": 0.0, "image_distance": photo, "image_bits": 256 if photo >= 0 else 0,
            "colour_distance": 0.0 if photo >= 0 else None, "same_seller": 1, "equal_title": False, "equal_gtin": False,
            "veto": None, **more}  # fmt: skip


def decided(ids: str, *rows: dict[str, object], config: DeduplicateConfig = CONFIG, catalog: dict[str, int] | None = None,
            rank: dict[str, int] | None = None, known: str = "",
            price: list[float] | None = None, spared: dict[str, list[str]] | None = None) -> tuple[dict[str, str], dict[str, str], Decisions]:  # fmt: skip
    names = list(ids)
    edges = pa.Table.from_pylist(list(rows), EDGES)
    nodes = Nodes(
        pa.array(names), np.array([(rank or {}).get(n, 0) for n in names]), np.arange(len(names), dtype=np.uint64),
        np.array([(catalog or {}).get(n, -1) for n in names]), np.array([n in known for n in names]),
        None if price is None else np.array(price),
        np.array([sum(1 << AGREEMENTS.index(rule) for rule in (spared or {}).get(n, ())) for n in names], np.uint8),
    )  # fmt: skip
    left, right = (np.array([names.index(str(r[k])) for r in rows], np.int64) for k in ("left_id", "right_id"))
    found = decide(nodes, left, right, edges, config)
    dropped = {n: names[found.kept[i]] for i, n in enumerate(names) if found.edge[i] >= 0}
    return dropped, {n: names[found.family[i]] for i, n in enumerate(names)}, found


CELLS = [  # what agrees, who sells, and what becomes of it by the preset `catalog` and by `training`
    ({"text": 0.9, "photo": 0}, 1, "drop", "drop"), ({"text": 0.9, "photo": 0}, 0, "link", "drop"),
    ({"text": 0.9, "photo": 0}, -1, "link", "drop"), ({"text": 1.0, "equal_title": True}, 1, "drop", "drop"),
    ({"text": 1.0, "equal_title": True}, 0, "link", "link"), ({"text": 1.0, "equal_title": True}, -1, "link", "link"),
    ({"text": 0.7, "equal_gtin": True}, 1, "drop", "drop"), ({"text": 0.7, "equal_gtin": True}, 0, "link", "link"),
    ({"text": 0.1, "equal_gtin": True}, 1, "link", "link"), ({"text": 0.9}, 1, "link", "link"),
    ({"photo": 0}, 1, "link", "link"), ({"photo": 200}, 1, None, None), ({"text": 0.55}, 1, None, None),
    ({"text": 0.35, "photo": 0}, 1, "drop", "drop"), ({"text": 0.35, "photo": 8}, 1, "link", "link"),
    ({"word_similarity": 0.9}, 1, "link", "link"), ({"word_similarity": 0.45}, 1, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("signs", "seller", "catalog", "training"), CELLS)
def test_the_decision_table(signs: dict, seller: int, catalog: str | None, training: str | None) -> None:
    for preset, expected in (("catalog", catalog), ("training", training)):
        config = DeduplicateConfig(preset=preset)
        rows = pa.Table.from_pylist([edge("a", "b", same_seller=seller, **signs)], EDGES)
        agrees = agreement(rows, config)
        outcome = None if agrees[0] < 0 else "drop" if dropping(rows, agrees, config)[0] else "link"
        assert outcome == expected, (preset, AGREEMENTS[agrees[0]])


def test_a_veto_turns_every_drop_into_a_link() -> None:
    for signs, seller, _, _ in CELLS:
        rows = pa.Table.from_pylist([edge("a", "b", same_seller=seller, veto="colour", **signs)], EDGES)
        for preset in ("catalog", "training"):
            config = DeduplicateConfig(preset=preset)
            assert not dropping(rows, agreement(rows, config), config)[0]


def test_64_bits_alone_must_be_nearer() -> None:
    def agrees(distance: int, bits: int, colour: float | None) -> bool:
        rows = pa.Table.from_pylist([edge("a", "b", photo=distance, image_bits=bits, colour_distance=colour)], EDGES)
        return bool(agreement(rows, CONFIG)[0] >= 0)

    assert agrees(4, 64, None)
    assert not agrees(5, 64, None)
    assert agrees(32, 256, 4.0)
    assert not agrees(33, 256, 0.0)
    assert not agrees(0, 256, 4.5)  # the same shape in another colour
    assert not agrees(0, 256, None)


def test_deletion_does_not_chain() -> None:
    # a ~ b ~ c ~ d, each only near its neighbour: what is dropped has an edge to what stands for it.
    near = [edge(x, y, 0.9, 0) for x, y in ("ab", "bc", "cd")]
    dropped, family, _ = decided("abcd", *near)
    assert dropped == {"b": "a", "d": "c"}
    assert set(family.values()) == {"a"}


def test_the_survivor_rule_and_the_last_run_decide_who_stays() -> None:
    pair = edge("a", "b", 0.9, 0)
    assert decided("ab", pair)[0] == {"b": "a"}
    assert decided("ab", pair, rank={"a": 1})[0] == {"a": "b"}
    assert decided("ab", pair, rank={"a": 1}, known="a")[0] == {"b": "a"}  # kept before: kept again


def test_a_listing_is_dropped_for_the_one_most_like_it() -> None:
    dropped, _, found = decided("abc", edge("a", "c", 0.7, 0), edge("b", "c", 0.95, 0))
    assert dropped == {"c": "b"}
    assert found.edge[2] == 1


def test_nothing_is_dropped_for_a_listing_many_times_as_dear() -> None:
    pair, apart = edge("a", "b", 0.9, 0), DeduplicateConfig(price_ratio=3)
    for price, expected in (([10.0, 29.0], 1), ([10.0, 30.0], 0), ([10.0, np.nan], 1), ([10.0, 0.0], 1)):
        dropped, family, found = decided("ab", pair, config=apart, price=price)
        assert len(dropped) == expected
        assert [VETOES[v] for v in found.veto if v >= 0] == ["price"] * (1 - expected)
        assert len(set(family.values())) == 1
    assert len(decided("ab", pair, price=[1.0, 1000.0])[0]) == 1


def test_of_a_set_that_is_too_large_only_exact_copies_go() -> None:
    config = DeduplicateConfig(max_set=3)
    alike = [edge("a", n, 0.9, 4) for n in "bcde"]
    exact = [edge("a", n, 1.0, 0, equal_title=True) for n in "fghij"]
    dropped, family, found = decided("abcdefghij", *alike, *exact, config=config)
    assert dropped == dict.fromkeys("fghij", "a")
    assert [VETOES[v] if v >= 0 else "" for v in found.veto] == ["set too large"] * 4 + [""] * 5
    assert set(family.values()) == {"a"}
    assert len(decided("abc", *alike[:2], config=config)[0]) == 2  # a set of three is none


def test_a_stricter_table_never_takes_the_kept_twin_away() -> None:
    # It may drop other listings: who leads a set changes. What it drops always has a dropping edge to one that is kept.
    draw = np.random.default_rng(1)
    ids = "abcdefghijkl"
    rows = [edge(x, y, float(draw.random()), int(draw.integers(0, 5))) for x in ids for y in ids if x < y]
    for least in (0.3, 0.6, 0.9):
        config = DeduplicateConfig(text_beside_photo={8: least}, text_similarity=least)
        _, _, found = decided(ids, *rows, config=config)
        lost = np.flatnonzero(found.edge >= 0)
        assert found.drops[found.edge[lost]].all()
        assert (found.edge[found.kept[lost]] == -1).all()
        ends = [{rows[k]["left_id"], rows[k]["right_id"]} for k in found.edge[lost]]
        assert ends == [{ids[i], ids[found.kept[i]]} for i in lost]


def test_families_never_unite_two_products_nor_grow_into_chains() -> None:
    near = [edge(x, y, 0.9) for x, y in ("ab", "bc", "cd")]
    assert len(set(decided("abcd", *near)[1].values())) == 1
    _, family, found = decided("abcd", *near, catalog={"a": 1, "d": 2})
    assert family["a"] != family["d"]
    assert found.refused == (0, 1)
    small = DeduplicateConfig(family=FamilyConfig(max_size=2))
    _, family, found = decided("abcd", *near, config=small)
    assert max(np.unique(list(family.values()), return_counts=True)[1]) == 2
    assert found.refused == (1, 0)


def test_listings_of_one_known_product_are_a_family() -> None:
    assert set(decided("abc", catalog={"a": 5, "c": 5})[1].items()) == {("a", "a"), ("b", "b"), ("c", "a")}


PAIRS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"), st.sampled_from([0.35, 0.65, 0.9]),
              st.sampled_from([-1, 0, 4])).filter(lambda pair: pair[0] < pair[1]),
    unique_by=lambda pair: pair[:2], max_size=20,
)  # fmt: skip


@settings(deadline=None)
@given(PAIRS, st.randoms(use_true_random=False), st.integers(2, 4))
def test_the_order_of_edges_does_not_count(
    pairs: list[tuple[str, str, float, int]], random: random.Random, most: int
) -> None:
    config = DeduplicateConfig(max_set=most)
    rows = [edge(*pair) for pair in pairs]
    mixed = random.sample(rows, len(rows))
    assert decided("abcdefgh", *rows, config=config)[:2] == decided("abcdefgh", *mixed, config=config)[:2]


def test_the_order_of_nodes_does_not_count() -> None:
    pairs = [edge("a", "b", 0.9, 0), edge("b", "c", 0.8, 0), edge("c", "d", 0.9, 0), edge("a", "d", 0.7, 4)]
    edges = pa.Table.from_pylist(pairs, EDGES)
    outcomes = []
    for names in ("abcd", "dcba", "bdac"):
        place = {name: k for k, name in enumerate(names)}
        order = np.array([ord(name) * 7919 % 97 for name in names], np.uint64)
        nodes = Nodes(pa.array(list(names)), np.zeros(4, np.int64), order, np.full(4, -1), np.zeros(4, bool))
        left, right = (np.array([place[str(row[side])] for row in pairs]) for side in ("left_id", "right_id"))
        found = decide(nodes, left, right, edges, CONFIG)
        outcomes.append({name: (names[found.kept[k]], names[found.family[k]]) for name, k in place.items()})
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.parametrize(
    ("config", "dropped"),
    [
        (DeduplicateConfig(), False),
        (DeduplicateConfig(preset="training"), True),
        (DeduplicateConfig(word_veto=False), True),
        (DeduplicateConfig(preset="training", word_veto=True), False),
    ],
)
def test_words_that_differ_keep_apart_what_shares_a_photo(config: DeduplicateConfig, dropped: bool) -> None:
    lost, _, found = decided("ab", edge("a", "b", 0.8, 0, reworded=True), config=config)
    assert bool(lost) is dropped
    assert [VETOES[k] for k in found.veto if k >= 0] == ([] if dropped else ["wording"])
    assert decided("ab", edge("a", "b", 0.8, 0, reworded=False), config=config)[0] == {"b": "a"}


@pytest.mark.parametrize(
    ("spared", "dropped", "vetoes"),
    [
        ({}, {"b": "a", "c": "a"}, 0),
        ({"b": ["image_and_text"]}, {"c": "a"}, 1),  # it stays, linked, and the others go on as before
        ({"b": ["equal_title"]}, {"b": "a", "c": "a"}, 0),  # put back from another rule than the one that drops it
        ({"a": ["image_and_text"]}, {"b": "a", "c": "a"}, 0),  # stays anyway
        ({"b": list(AGREEMENTS), "c": list(AGREEMENTS)}, {}, 3),
    ],
)
def test_what_was_put_back_is_not_dropped(spared: dict[str, list[str]], dropped: dict[str, str], vetoes: int) -> None:
    rows = [edge("a", "b", 0.9, 0), edge("a", "c", 0.95, 0), edge("b", "c", 0.8, 0)]
    lost, _, found = decided("abc", *rows, spared=spared)
    assert lost == dropped
    assert [VETOES[v] for v in found.veto if v >= 0] == ["put back"] * min(vetoes, 2)
    saved = {"abc"[i]: AGREEMENTS[found.agreement[k]] for i, k in enumerate(found.saved) if k >= 0}
    assert saved == {name: "image_and_text" for name in spared if name not in dropped and name != "a"}


def test_a_listing_put_back_is_still_a_leader() -> None:
    lost, _, _ = decided("abc", edge("a", "b", 0.9, 0), edge("b", "c", 0.9, 0), spared={"b": list(AGREEMENTS)})
    assert lost == {"c": "b"}
