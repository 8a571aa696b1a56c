"""Take personal data out of listings before anything of them is written (`clean.keep_raw: false`)."""

from __future__ import annotations

import functools
import inspect
import sys
from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ..schemas.mapping import row_hash
from . import pseudonyms as keyed
from .duplicates import gtin
from .pseudonyms import Key
from .text import decoding, iban, pii, rules
from .text.pii import redact
from .text.rules import RULES

# Values by which listings are told apart or found together: a mark for all would make them one.
IDENTITIES = ("id", "seller", "catalog_id", "item_group_id", "gtin", "mpn")
AS_GIVEN = ("source_file", "row_hash", "phash")  # say nothing of people
# Rules under which a text shows what is spelled out, or hidden between its letters: anna&#64;example.com
SHOWING = ("escaped_bytes", "markup", "unicode", "invisible")
ADDRESSED = r"@|%40"


def without_personal_data(listings: pa.RecordBatch, key: Key) -> tuple[pa.RecordBatch, Counter[str]]:
    """Redact every text of listings as ingest maps them, attributes and photo references included.

    Of ids, sellers and product numbers, a pseudonym stands for one that holds personal data: equal ones stay equal, and
    none is what it was. One of digits alone stays. Photo references change for e-mail addresses alone, for numbers name
    files; one that changes leads nowhere. The row hash is that of what is left.

    Args:
        listings: As ingest maps them.
        key: Of the pseudonyms.

    Returns:
        The listings, and for each column the number of values that changed.
    """
    counts: Counter[str] = Counter()
    for place, name in enumerate(listings.schema.names):
        column = listings.column(name)
        if name in AS_GIVEN:
            continue
        named = name in IDENTITIES
        change = functools.partial(pseudonyms, key=key) if named else reference if name == "photos" else redacted
        counts[name], changed = _each(column, change)
        if counts[name]:
            listings = listings.set_column(place, name, changed)
    counts += Counter()  # without the zeros
    if counts:
        hashed = listings.schema.names[: listings.schema.names.index("row_hash")]
        hashes = row_hash({name: listings.column(name) for name in hashed})
        listings = listings.set_column(len(hashed), "row_hash", hashes)
    return listings, counts


def redacted(texts: pa.Array) -> pa.Array:
    """Redact texts, also where personal data shows only once escapes, wide letters and hidden characters are read.

    >>> redacted(pa.array(["write to anna&#64;example.com"])).equals(redacted(pa.array(["write to anna@example.com"])))
    True
    """
    plain = redact(texts)
    shown = plain
    for rule in SHOWING:
        shown = RULES[rule](shown)
    shown = _unquoted(shown)
    spelled = pc.fill_null(pc.not_equal(shown, plain), False)
    if not pc.any(spelled).as_py():
        return plain
    before = shown.filter(spelled)
    found = redact(before)
    return pc.replace_with_mask(plain, spelled, pc.if_else(pc.equal(found, before), plain.filter(spelled), found))


def _unquoted(texts: pa.Array) -> pa.Array:
    quoted = pc.fill_null(pc.match_substring_regex(texts, "%[0-9a-fA-F]{2}"), False)
    if not pc.any(quoted).as_py():
        return texts
    return pc.replace_with_mask(texts, quoted, pa.array([unquote(t) for t in texts.filter(quoted).to_pylist()]))


def redacted_text(text: str) -> str:
    """Redact one text, such as a record that could not be read."""
    found: str = redacted(pa.array([text], pa.string()))[0].as_py()
    return found


def pseudonyms(names: pa.Array, key: Key) -> pa.Array:
    """Put a pseudonym in the place of names that hold personal data; those of digits alone stay."""
    suspect = pc.and_(
        pc.fill_null(pc.not_equal(redacted(names), names), False),
        pc.fill_null(pc.invert(pc.match_substring_regex(names, r"^\d+$")), False),
    )
    return key.pseudonyms(names, suspect) if pc.any(suspect).as_py() else names


def reference(texts: pa.Array) -> pa.Array:
    """Redact references to photos in which an address stands."""
    suspect = pc.fill_null(pc.match_substring_regex(texts, ADDRESSED), False)
    return pc.if_else(suspect, redacted(texts), texts) if pc.any(suspect).as_py() else texts


def _each(column: pa.Array, change: Callable[[pa.Array], pa.Array]) -> tuple[int, pa.Array]:
    """Change the texts of a column, however deep in lists and structs; say how many did."""
    kind = column.type
    if pa.types.is_string(kind):
        encoded = column.dictionary_encode()  # few sellers, brands and categories, many listings
        changed = change(encoded.dictionary).take(encoded.indices)
        return pc.sum(pc.fill_null(pc.not_equal(changed, column), False)).as_py() or 0, changed
    if pa.types.is_list(kind):
        number, values = _each(column.flatten(), change)
        if not number:
            return 0, column
        lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0))
        offsets = np.concatenate([[0], lengths.cumsum()]).astype(np.int32)
        return number, pa.ListArray.from_arrays(pa.array(offsets), values, type=kind, mask=column.is_null())
    if pa.types.is_struct(kind):
        numbers, fields = zip(*(_each(field, change) for field in column.flatten()), strict=True)
        return sum(numbers), pa.StructArray.from_arrays(fields, fields=list(kind), mask=column.is_null())
    return 0, column


def content_hash() -> str:
    """Hash of the rules: a catalog is read again when one changes."""
    modules = (pii, iban, decoding, rules, gtin, keyed, sys.modules[__name__])
    return xxhash.xxh3_64_hexdigest("".join(map(inspect.getsource, modules)).encode())
