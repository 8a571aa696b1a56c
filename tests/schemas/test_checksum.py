from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from eclip.schemas.checksum import Checksum
from eclip.schemas.errors import SourceError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("n", pa.int64()),
        ("ok", pa.bool_()),
        ("x", pa.float32()),
        ("raw", pa.binary()),
        ("tags", pa.list_(pa.string())),
        ("pairs", pa.list_(pa.struct([("name", pa.string()), ("values", pa.list_(pa.string()))]))),
    ]
)
text = st.none() | st.text(max_size=4)
row = st.fixed_dictionaries(
    {
        "id": text,
        "n": st.none() | st.integers(-5, 5),
        "ok": st.none() | st.booleans(),
        "x": st.none() | st.floats(width=32, allow_nan=False),
        "raw": st.none() | st.binary(max_size=4),
        "tags": st.none() | st.lists(text, max_size=3),
        "pairs": st.none()
        | st.lists(
            st.none() | st.fixed_dictionaries({"name": text, "values": st.none() | st.lists(text, max_size=2)}),
            max_size=2,
        ),
    }
)


def digest(table: pa.Table, size: int) -> str:
    checksum = Checksum(table.schema)
    for batch in table.to_batches(max_chunksize=size):
        checksum.update(batch)
    return checksum.hexdigest()


relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)


@relaxed
@given(st.lists(row, max_size=12), st.integers(1, 5), st.integers(0, 3))
def test_the_cut_into_batches_does_not_count(rows: list[dict], size: int, skipped: int) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    assert digest(table, size) == digest(table, 1000)
    # A slice looks into its parent's buffers: only its own rows may count.
    part = table.slice(skipped)
    assert digest(part, size) == digest(pa.Table.from_pylist(rows[skipped:], SCHEMA), 1000)


@relaxed
@given(st.lists(row, min_size=1, max_size=6), st.lists(row, min_size=1, max_size=6))
def test_equal_rows_have_equal_sums_and_others_do_not(one: list[dict], other: list[dict]) -> None:
    left, right = (pa.Table.from_pylist(rows, SCHEMA) for rows in (one, other))
    assert (digest(left, 3) == digest(right, 2)) == left.equals(right)


def test_what_looks_alike_end_to_end_is_told_apart() -> None:
    def of(values: list) -> str:
        return digest(pa.table({"a": pa.array(values, pa.string())}), 10)

    assert (
        len({of(["ab", "c"]), of(["a", "bc"]), of(["abc"]), of(["abc", None]), of(["abc", ""]), of([None, "abc"])}) == 6
    )


def test_names_types_and_order_count() -> None:
    base = pa.table({"a": [1, 2], "b": [3, 4]})
    assert digest(base, 5) != digest(base.rename_columns(["a", "c"]), 5)
    assert digest(base, 5) != digest(base.cast(pa.schema([("a", pa.int32()), ("b", pa.int64())])), 5)
    assert digest(base, 5) != digest(base.take([1, 0]), 5)


DECIMALS = [Decimal("1.5"), None, Decimal("-2.5"), Decimal("99.0")]
SMALL, NUMBERS, REALS = [1, None, 2, 127], [1, None, 2, 86_399], [1.5, None, -2.0, 0.0]
DAYS = [dt.date(2020, 1, 1), None, dt.date(1969, 12, 31), dt.date(2000, 2, 29)]
TEXTS = ["a", None, "longer than the twelve bytes that a view holds itself", ""]
BYTES = [b"sixteen bytes ab", None, b"sixteen bytes cd", b"sixteen bytes ef"]
LISTS, TWOS = [DECIMALS, None, [], [None]], [[1, 2], [3, None], [5, 6], [7, 8]]
ENCODED = pa.dictionary(pa.int32(), pa.decimal128(20, 1))  # pyarrow makes none within another type
KINDS: dict[pa.DataType, list[Any]] = {
    **dict.fromkeys((pa.int8(), pa.uint16(), pa.uint64()), SMALL),
    **dict.fromkeys((pa.float16(), pa.float32(), pa.float64()), REALS),
    **dict.fromkeys((pa.decimal32(5, 1), pa.decimal64(12, 1), pa.decimal128(20, 1), pa.decimal256(50, 1)), DECIMALS),
    **dict.fromkeys((pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")), NUMBERS),
    **dict.fromkeys((pa.timestamp("s"), pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.duration("ms")), NUMBERS),
    **dict.fromkeys((pa.date32(), pa.date64()), DAYS),
    **dict.fromkeys((pa.string(), pa.large_string(), pa.string_view(), pa.json_()), TEXTS),
    **dict.fromkeys((pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(16), pa.uuid()), BYTES),
    pa.bool_(): [True, None, False, True],
    pa.bool8(): [1, None, 0, 1],
    pa.null(): [None] * 4,
    pa.dictionary(pa.int8(), pa.string()): TEXTS,
    ENCODED: DECIMALS,
    pa.map_(pa.string(), pa.decimal128(20, 1)): [[("a", Decimal("1.5")), ("b", None)], None, [], [("c", None)]],
    pa.map_(pa.string_view(), pa.time32("s")): [[("a", 1)], None, [], [("c", 2), ("d", 3)]],
    **dict.fromkeys((pa.list_(pa.decimal128(20, 1)), pa.large_list_view(pa.decimal64(12, 1))), LISTS),
    **dict.fromkeys((pa.list_(pa.time64("us"), 2), pa.list_view(pa.duration("s"))), TWOS),
    pa.struct([("x", pa.decimal128(20, 1)), ("y", pa.string_view())]): [{"x": Decimal(1), "y": "a"}, None, {"x": None, "y": "b"}, {}],
}  # fmt: skip


def stored(kind: pa.DataType) -> pa.DataType:
    """What Python values are read as: pyarrow makes neither extension types nor most dictionaries of them."""
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def column(values: list[Any], kind: pa.DataType) -> pa.Table:
    array = pa.array(values, stored(kind))
    return pa.table({"a": array.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else array.cast(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_type_is_summed_by_its_values(kind: pa.DataType) -> None:
    values = KINDS[kind]
    whole = digest(column(values, kind), 10)
    assert whole == digest(column(values, kind), 1)  # made anew, elsewhere in memory, and cut
    assert digest(column(values, kind).slice(2), 10) == digest(column(values[2:], kind), 10)
    assert digest(column(values, kind).slice(1, 2), 1) == digest(column(values[1:3], kind), 10)
    if not pa.types.is_null(kind):
        assert whole != digest(column([*values[:2], values[0], values[3]], kind), 10)
        assert whole != digest(column(values[::-1], kind), 10)


@pytest.mark.parametrize("kind", [k for k in KINDS if k is not ENCODED], ids=str)
def test_every_type_is_summed_within_others(kind: pa.DataType) -> None:
    values, inner = KINDS[kind], stored(kind)
    around = {
        pa.list_(kind): (pa.list_(inner), [values, None, [], values[:2]]),
        pa.struct([("x", kind)]): (pa.struct([("x", inner)]), [*({"x": v} for v in values), None]),
        pa.list_(pa.struct([("x", kind)])): (
            pa.list_(pa.struct([("x", inner)])), [[{"x": v} for v in values], None, [None, {"x": None}]],
        ),
        pa.map_(pa.string(), kind): (pa.map_(pa.string(), inner), [[("k", v) for v in values], None, [("l", values[0])]]),
    }  # fmt: skip
    for outer, (plain, rows) in around.items():

        def table(rows: list[Any], plain: pa.DataType = plain, outer: pa.DataType = outer) -> pa.Table:
            array = pa.array(rows, plain)
            return pa.table({"a": array if plain.equals(outer) else array.cast(outer)})

        assert digest(table(rows), 10) == digest(table(rows), 1)
        assert digest(table(rows).slice(1), 10) == digest(table(rows[1:]), 10)
        assert digest(table(rows), 10) != digest(table(rows[::-1]), 10)


def test_a_parquet_file_sums_alike_however_it_is_read() -> None:
    # pyarrow writes null lists of fixed size that it cannot read back.
    readable = {str(k): column(v, k)["a"] for k, v in KINDS.items() if not pa.types.is_fixed_size_list(k)}
    file = io.BytesIO()
    pq.write_table(pa.table(readable), file)

    def read(rows: int) -> str:
        parts = pq.ParquetFile(io.BytesIO(file.getvalue()))
        checksum = Checksum(parts.schema_arrow)
        for batch in parts.iter_batches(rows):
            checksum.update(batch)
        return checksum.hexdigest()

    assert read(1) == read(2) == read(100)


INT64 = pa.int64()
VALID = pa.py_buffer(bytes([0b101]))  # of three rows the second is null


def numbers(under: int, kind: pa.DataType = INT64) -> pa.Array:
    width = kind.bit_width // 8
    data = b"".join(n.to_bytes(width, "little") for n in (1, under, 3))
    return pa.Array.from_buffers(kind, 3, [VALID, pa.py_buffer(data)])


def ends(*values: int) -> pa.Buffer:
    return pa.py_buffer(b"".join(n.to_bytes(4, "little") for n in values))


@pytest.mark.parametrize(
    "make",
    [
        numbers,
        lambda n: numbers(n, pa.decimal128(20, 1)),
        lambda n: numbers(n, pa.time32("s")),
        lambda n: pa.Array.from_buffers(pa.string(), 3, [VALID, ends(0, 1, 1 + n, 2 + n), pa.py_buffer(b"a" + b"x" * n + b"b")]),
        lambda n: pa.Array.from_buffers(pa.list_(pa.int64()), 3, [VALID, ends(0, 1, 1 + n, 2 + n)], children=[pa.array([7, *[n] * n, 8])]),
        lambda n: pa.Array.from_buffers(pa.list_(pa.int64(), 1), 3, [VALID], children=[pa.array([7, n, 8])]),
        lambda n: pa.StructArray.from_arrays([pa.array([1, n, 3])], ["x"], mask=pa.array([False, True, False])),
        lambda n: pa.DictionaryArray.from_arrays(numbers(n, pa.int8()), pa.array(["z", "a", "y", "b"])),
        lambda n: pa.Array.from_buffers(
            pa.map_(pa.string(), pa.int64()), 3, [VALID, ends(0, 1, 1 + n, 2 + n)],
            children=[pa.array([{"key": "k", "value": i} for i in [*range(1 + n), 9]],
                               pa.struct([pa.field("key", pa.string(), False), ("value", pa.int64())]))],
        ),
    ],
)  # fmt: skip
def test_what_lies_under_a_null_is_not_summed(make: Any) -> None:
    clean, garbage = make(0), make(2)
    assert clean.equals(garbage)
    for first in (0, 1):
        tables = [pa.table({"a": array.slice(first)}) for array in (clean, garbage)]
        assert digest(tables[0], 3) == digest(tables[1], 1)


def test_a_null_is_one_whether_index_or_dictionary_says_so() -> None:
    by_index = pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int8()), pa.array(["a"]))
    by_value = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["a", None]))
    assert digest(pa.table({"a": by_index}), 2) == digest(pa.table({"a": by_value}), 2)


def test_a_type_that_no_file_holds_is_refused_by_name() -> None:
    either = pa.list_(pa.sparse_union([pa.field("x", pa.int8()), pa.field("y", pa.string())]))
    with pytest.raises(SourceError, match=r"column 'a': there is no checksum for the Arrow type sparse_union.*cast"):
        Checksum(pa.schema([("id", pa.string()), ("a", either)]))
