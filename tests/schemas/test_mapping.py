from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from eclip.schemas.config import SourceConfig
from eclip.schemas.errors import ConfigError
from eclip.schemas.mapping import plan, to_listings, unread
from eclip.schemas.values import text


def listings(columns: dict[str, Any], mapping: dict[str, Any], separator: str | None = None) -> list[dict[str, Any]]:
    batch = pa.RecordBatch.from_pydict(columns)
    source = SourceConfig(path="x", columns=mapping)
    rows = pa.array(range(1, batch.num_rows + 1), pa.int64())
    found: list[dict[str, Any]] = to_listings(batch, rows, "f.csv", plan(source, batch.schema, separator)).to_pylist()
    return found


def test_ids_of_any_type_become_text() -> None:
    for values in (
        [1, 2],
        [1.0, 2.0],
        ["1", " 2 "],
        pa.array([1, 2], pa.int8()),
        pa.array(["1", "2"]).dictionary_encode(),
    ):
        assert [r["id"] for r in listings({"id": values}, {})] == ["1", "2"]
    assert [r["id"] for r in listings({"id": [1.0, None, 2.5]}, {})] == ["1", None, "2.5"]
    assert [r["id"] for r in listings({"id": ["", "  ", "x"]}, {})] == [None, None, "x"]


def test_columns_are_joined() -> None:
    row = listings(
        {"id": ["1", "2", "3"], "a": ["X", None, None], "b": ["y", "q", None]},
        {"category": ["a", "b"], "title": ["a", "b"]},
    )
    assert [(r["category"], r["title"]) for r in row] == [("X > y", "X y"), ("q", "q"), (None, None)]


@pytest.mark.parametrize(
    ("given", "price"),
    [
        # Two kinds of separator: the last is the decimal sign.
        ("1.299,00 €", 1299.0), ("$1,299.50", 1299.5), ("1.299,5", 1299.5), ("1'299.00", 1299.0), ("1,29,900.00", 129_900.0),
        # One kind before whole groups of three digits: thousands.
        ("1.299 €", 1299.0), ("1,299", 1299.0), ("12.000 ₫", 12_000.0), ("₩1,299,000", 1_299_000.0), ("1.299.000", 1_299_000.0),
        # Else a decimal sign.
        ("12,5", 12.5), ("12.50", 12.5), ("0.125", 0.125), ("0,125", 0.125), ("12.3456", 12.3456), ("1299.000", 1299.0), (".99", 0.99),
        ("1299", 1299.0), ("1 299,50", 1299.5), ("１２，８００円", 12_800.0), ("-3.5", -3.5), ("5,-", 5.0), ("12,50.-", 12.5),
        ("Rs. 500", 500.0), ("Fr. 1.299,00", 1299.0), ("EUR12,50", 12.5),
        # No number, several, or none that anybody writes.
        ("call us", None), ("", None), (None, None), ("1.2.3", None), ("1.29,00,0", None), ("10-20", None), ("2 for 3.50", None),
        ("12.50 incl. 20% VAT", None), ("-", None),
    ],
)  # fmt: skip
def test_prices_as_people_write_them(given: str | None, price: float | None) -> None:
    assert listings({"id": ["1"], "price": pa.array([given], pa.string())}, {})[0]["price"] == price


@pytest.mark.parametrize(("sign", "prices"), [(".", [1.299, 1299.0, 12.5, None]), (",", [1299.0, 1.299, None, 12.5])])
def test_the_decimal_sign_of_prices_can_be_said(sign: str, prices: list[float | None]) -> None:
    batch = pa.RecordBatch.from_pydict({"id": list("abcd"), "price": ["1.299", "1,299", "12.5", "12,5"]})
    mapping = plan(SourceConfig(path="x", decimal=sign), batch.schema, None)
    assert to_listings(batch, pa.array(range(4), pa.int64()), "f", mapping)["price"].to_pylist() == prices


@pytest.mark.parametrize(
    "values",
    [
        [2, None],
        [2.0, float("nan")],
        pa.array(["2", "x"]).dictionary_encode(),
        [Decimal("2.00"), None],
        pa.array(["2", ""], pa.large_string()),
    ],
)
def test_prices_of_other_types(values: Any) -> None:
    assert [r["price"] for r in listings({"id": ["1", "2"], "price": values}, {})] == [2.0, None]
    assert listings({"id": ["1"], "price": [{"amount": 2}]}, {})[0]["price"] is None


def test_a_photo_hash_is_16_hex_digits_or_none() -> None:
    given = [
        "00FF00ff00ff00ff",
        " 00ff00ff00ff00ff ",
        "not a hash",
        "00ff",
        "00ff00ff00ff00ff00",
        "0x00ff00ff00ff00",
        "",
        None,
    ]
    rows = listings({"id": [str(n) for n in range(8)], "h": given}, {"phash": "h"})
    assert [r["phash"] for r in rows] == ["00ff00ff00ff00ff"] * 2 + [None] * 6
    assert [r["phash"] for r in listings({"id": ["1"], "phash": [255]}, {})] == [None]


def test_values_that_do_not_fit_are_counted() -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "id": list("abcd"),
            "price": ["3", "call us", " ", None],
            "phash": ["x", "y", "z", "00ff00ff00ff00ff"],
            "attributes": ["{broken", '{"colour": "red"}', "{}", ""],
        }
    )
    mapping = plan(SourceConfig(path="x"), batch.schema, None)
    found = to_listings(batch, pa.array(range(4), pa.int64()), "f", mapping)
    assert unread(batch, found, mapping) == {"attributes": 1, "phash": 3, "price": 1}
    assert unread(batch.slice(0, 0), found.slice(0, 0), mapping) == {"attributes": 0, "phash": 0, "price": 0}


def test_a_currency_that_prices_are_written_with_is_kept() -> None:
    prices = [
        "$19.99",
        "£12.50",
        "12,99 €",
        "EUR 49.90",
        "9.99 USD",
        "AUD $5",
        "CA$ 5",
        "¥800",
        "12",
        "call us €",
        "usd 3",
    ]
    read = ["USD", "GBP", "EUR", "EUR", "USD", "AUD", "CAD", None, None, None, "USD"]
    ids = [str(n) for n in range(len(prices))]
    assert [r["currency"] for r in listings({"id": ids, "price": prices}, {})] == read
    named = listings({"id": ["1", "2"], "price": ["$5", "$5"], "c": ["NZD", None]}, {"currency": "c"})
    assert [r["currency"] for r in named] == ["NZD", "USD"]
    assert listings({"id": ["1"], "price": ["$5"]}, {"currency": []})[0]["currency"] is None
    assert listings({"id": ["1"], "price": [5.0]}, {})[0]["currency"] is None


def test_categories_are_written_one_way() -> None:
    rows = listings({"id": list("abc"), "category": ["Home>Living", "Home  >Living ", "Home > Living"]}, {})
    assert {r["category"] for r in rows} == {"Home > Living"}


@pytest.mark.parametrize(
    "given",
    ["01.02.2024", "1.2.2024", " 01.2.2024 ", "2024-02-01", 1706745600, 1706745600.0, "1706745600", "1706745600000"],
)
def test_times_as_exports_write_them(given: Any) -> None:
    found = listings({"id": ["1"], "updated_at": [given]}, {})[0]["updated_at"]
    assert found == datetime.datetime(2024, 2, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize("given", ["01/02/2024", "31.02.2024", "yesterday", "2024-13-45", "12", ""])
def test_what_is_no_time(given: str) -> None:
    assert listings({"id": ["1"], "updated_at": [given]}, {})[0]["updated_at"] is None


def test_times() -> None:
    rows = listings({"id": ["1", "2", "3"], "updated_at": ["2024-01-02", "2024-01-02T03:04:05+02:00", "yesterday"]}, {})
    utc = datetime.UTC
    assert [r["updated_at"] for r in rows] == [
        datetime.datetime(2024, 1, 2, tzinfo=utc), datetime.datetime(2024, 1, 2, 1, 4, 5, tzinfo=utc), None
    ]  # fmt: skip


def test_the_order_in_which_a_configuration_names_attributes_means_nothing() -> None:
    columns = {"id": ["1"], "c": ["red"], "s": ["M"]}
    one, other = (
        listings(columns, {"attributes": dict(named)})
        for named in ([("colour", "c"), ("size", "s")], [("size", "s"), ("colour", "c")])
    )
    assert one == other


def test_attributes_from_columns_and_from_json() -> None:
    red = [{"name": "colour", "values": ["red"]}]
    rows = listings(
        {"id": ["1", "2"], "c": ["red", None], "s": ["", "M"]}, {"attributes": {"colour": "c", "size": "s"}}
    )
    assert [r["attributes"] for r in rows] == [red, [{"name": "size", "values": ["M"]}]]
    rows = listings({"id": ["1", "2", "3"], "a": ['{"colour": "red"}', "not json", None]}, {"attributes": "a"})
    assert [r["attributes"] for r in rows] == [red, None, None]
    rows = listings(
        {"id": ["1"], "a": pa.array([[("colour", "red")]], pa.map_(pa.string(), pa.string()))}, {"attributes": "a"}
    )
    assert rows[0]["attributes"] == red


@pytest.mark.parametrize(
    ("value", "references"),
    [("a.jpg|b.jpg", ["a.jpg", "b.jpg"]), ('["a.jpg", "b.jpg"]', ["a.jpg", "b.jpg"]), (["a.jpg"], ["a.jpg"]), ("", []), (None, []),
     ({"bytes": None, "path": "a.jpg"}, ["a.jpg"]), (b"\xff\xd8", ["f.csv#1.p"])],
)  # fmt: skip
def test_photos_come_in_many_shapes(value: Any, references: list[str]) -> None:
    row = listings({"id": ["1"], "p": [value]}, {"image": "p"}, separator="|")[0]
    assert [photo["reference"] for photo in row["photos"]] == references


def test_unmapped_columns_are_kept_under_names_of_their_own() -> None:
    row = listings({"id": ["1"], "colour": ["red"], "width": [9]}, {})[0]
    assert row["colour"] == "red"
    assert row["source_width"] == 9
    dropped = plan(SourceConfig(path="x", unmapped_columns="drop"), pa.schema([("id", "string"), ("n", "int32")]), None)
    assert not dropped.unmapped


def test_an_empty_list_maps_nothing() -> None:
    row = listings({"id": ["1"], "image": ["x.jpg"]}, {"image": []})[0]
    assert row["photos"] == []
    assert row["source_image"] == "x.jpg"


def test_wrong_columns_are_named() -> None:
    with pytest.raises(ConfigError, match="no column 'nam'; did you mean 'name'"):
        listings({"id": ["1"], "name": ["x"]}, {"title": "nam"})
    with pytest.raises(ConfigError, match="no column says what identifies a listing; map one of name"):
        listings({"name": ["x"]}, {"title": "name"})


def test_row_hash_is_of_the_values_alone() -> None:
    one = listings({"id": ["1", "1", "1"], "title": ["a", "a", "b"]}, {})
    assert one[0]["row_hash"] == one[1]["row_hash"] != one[2]["row_hash"]
    photos = listings({"id": ["1", "1", "1"], "p": [b"x", b"x", b"y"]}, {"image": "p"})
    assert photos[0]["row_hash"] == photos[1]["row_hash"] != photos[2]["row_hash"]  # by bytes, not by row


def test_text_of_nested_values_is_json() -> None:
    assert text(pa.array([{"a": 1}, None])).to_pylist() == ['{"a": 1}', None]
    assert text(pa.array([True, None])).to_pylist() == ["true", None]


def test_no_rows_keep_the_schema() -> None:
    batch = pa.RecordBatch.from_pydict({"id": ["1"], "p": ["x"], "price": ["3"], "a": ["{}"]})
    mapping = plan(SourceConfig(path="x", columns={"image": "p", "attributes": "a"}), batch.schema, None)
    some = to_listings(batch, pa.array([1]), "f", mapping)
    none = to_listings(batch.slice(0, 0), pa.array([], pa.int64()), "f", mapping)
    assert none.schema == some.schema
