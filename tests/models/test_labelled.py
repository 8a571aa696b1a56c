import numpy as np
import pyarrow as pa
import pytest
from eclip.models.labelled import Labelled, lowest
from eclip.schemas.config import HeadsConfig
from eclip.schemas.errors import EclipError
from eclip.schemas.listing import ATTRIBUTES

RED = {"name": "colour", "values": ["red", "blue"]}


def table(**columns):
    n = 3
    vector = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(2 * n, np.float16)), 2)
    given = {
        "id": ["a", "b", "c"],
        "image": vector,
        "text": vector,
        "fused": vector,
        "has_image": [True, False, False],
        "has_text": [False, True, False],
        "title": ["A", None, "C"],
        "group_id": ["g", None, "g"],
        "category": ["x", "", None],
        "catalog_id": pa.array(["p", None, ""], pa.string()),
        "attributes": pa.array([[RED, {"name": "size", "values": []}], None, []], ATTRIBUTES),
    }
    return pa.table(given | columns)


def test_labels_are_read_and_empty_ones_are_none():
    found = Labelled.of(table(), HeadsConfig())
    assert found.titles == ["A", "", "C"]
    assert found.groups == ["g", "b", "g"]
    assert found.categories == ["x", None, None]
    assert found.products == ["p", None, None]
    assert found.attributes == [{"colour": "red"}, {}, {}]
    assert found.adult == [None, None, None]
    assert found.seen().tolist() == [0, 1]
    assert found.take(np.array([2, 0])).ids == ["c", "a"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, None, False], [True, None, False]),
        (["yes", " NO ", ""], [True, False, None]),
        ([1, 0, None], [True, False, None]),
    ],
)
def test_adult_labels_come_in_several_spellings(values, expected):
    config = HeadsConfig(adult="adult")
    assert Labelled.of(table(adult=values), config).adult == expected


def test_a_label_that_is_none_and_a_column_that_is_missing_are_named():
    with pytest.raises(EclipError, match=r"column 'adult' holds 'maybe'; expected true, false"):
        Labelled.of(table(adult=["maybe", "yes", "no"]), HeadsConfig(adult="adult"))
    with pytest.raises(EclipError, match=r"heads.product: the listings have no column 'sku'"):
        Labelled.of(table(), HeadsConfig(product="sku"))


def test_the_lowest_hashes_are_chosen_whatever_the_order():
    names = [f"id{i}" for i in range(200)]
    chosen = {names[i] for i in lowest(names, 50, np.arange(200))}
    assert len(chosen) == 50
    backwards = names[::-1]
    assert {backwards[i] for i in lowest(backwards, 50, np.arange(200))} == chosen
    assert {names[i] for i in lowest(names, 20, np.arange(200))} < chosen
    assert lowest(names, 500, np.arange(0, 200, 2)).tolist() == list(range(0, 200, 2))


def test_families_are_never_torn_apart():
    names = [f"family{i // 7}" for i in range(210)]
    rows = lowest(names, 100, np.arange(210))
    assert 70 < len(rows) <= 100
    assert set(np.bincount([int(names[i][6:]) for i in rows])) <= {0, 7}
