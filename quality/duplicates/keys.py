"""Keys: under which rows look for their like. Those that several rows have are sorted, the others are left out.

They are partitioned by the first bits in which they differ (a radix sort's first step), into cells that fit into the
processor's cache where keys are spread evenly, and then sorted cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..compiled import compiled, inner, making
from .sorting import FEW, order_of, put_in

PHOTO = np.uint64(1)  # the lowest bit of a key says that it is one of a photo
KEYS = pa.schema([("key", pa.uint64()), ("row", pa.uint32()), ("finer", pa.uint32())])
_TOGETHER = 32768  # keys of a cell, about: 650 kB of them are sorted at once


@dataclass(frozen=True)
class Keys:
    """The keys under which rows look for their like; a row has several. They are hashes, spread over all 64 bits."""

    key: np.ndarray  # [uint64 (n,)] with the bit PHOTO for words of a photo's hash
    row: np.ndarray  # [int64 (n,)]
    finer: np.ndarray  # [uint32 (n,)] text: 16 bits of the next band, 16 of the seller; photo: more of its hash

    @classmethod
    def of_table(cls, table: pa.RecordBatch) -> Keys:
        """Read what `table` gave."""
        return cls(np.asarray(table["key"]), np.asarray(table["row"]).astype(np.int64), np.asarray(table["finer"]))

    def table(self, chosen: np.ndarray) -> pa.Table:
        """Give some keys as rows of KEYS. [int64 (m,)]"""
        return pa.table([self.key[chosen], self.row[chosen].astype(np.uint32), self.finer[chosen]], schema=KEYS)

    def behind(self, rows: int) -> Keys:
        """The same keys, of rows that stand behind so many others."""
        return Keys(self.key, self.row + rows, self.finer)

    def of(self, rows: np.ndarray) -> Keys:
        """The keys of some rows. [bool (rows,)]"""
        mine = rows[self.row]
        return self if mine.all() else Keys(self.key[mine], self.row[mine], self.finer[mine])


def all_keys(parts: Sequence[Keys]) -> Keys:
    """Join keys."""
    return Keys(*(np.concatenate([getattr(part, name) for part in parts]) for name in KEYS.names))


def grouped(parts: Sequence[Keys], rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort keys, without most of those that come once, which are half of them or more.

    Args:
        parts: In any order.
        rows: [bool (rows,)] those that take part; all by default.

    Returns:
        [uint64 (n,)], [int64 (n,)] and [uint32 (n,)]: key, row and what is finer; of equal keys the first comes first.
    """
    return _sorted(*_partition(parts, rows))


def _partition(
    parts: Sequence[Keys], rows: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.uint64, int]:
    """Lay the keys of chosen rows into cells.

    Returns:
        Keys, rows and what is finer, where each cell begins, the least key, and by how many bits what a key is more
        than that is shifted to give its cell.
    """
    chosen = np.zeros(0, np.bool_) if rows is None else rows  # empty: all
    filled = [part.key for part in parts if len(part.key)]
    least = min((int(key.min()) for key in filled), default=0)
    spread = max((int(key.max()) for key in filled), default=0) - least
    bits = max(1, (sum(map(len, filled)) // _TOGETHER).bit_length())  # at least 1: a shift by 64 is none
    shift = max(0, spread.bit_length() - bits)
    base, counts = np.uint64(least), np.zeros((spread >> shift) + 2, np.int64)
    for part in parts:
        _count(part.key, part.row, chosen, counts, base, shift)
    starts = np.cumsum(counts)
    total, ends = int(starts[-1]), starts.copy()
    found = np.empty(total, np.uint64), np.empty(total, np.int64), np.empty(total, np.uint32)
    for part in parts:
        _lay(part.key, part.row, part.finer, chosen, ends, base, shift, *found)
    return *found, starts, base, shift


@compiled
def _count(
    key: np.ndarray, row: np.ndarray, chosen: np.ndarray, counts: np.ndarray, base: np.uint64, shift: int
) -> None:
    for k in range(len(key)):
        if not len(chosen) or chosen[row[k]]:
            counts[((key[k] - base) >> np.uint64(shift)) + np.uint64(1)] += 1


@compiled
def _lay(
    key: np.ndarray, row: np.ndarray, finer: np.ndarray, chosen: np.ndarray, ends: np.ndarray, base: np.uint64,
    shift: int, keys: np.ndarray, rows: np.ndarray, finest: np.ndarray,
) -> None:  # fmt: skip
    for k in range(len(key)):
        if not len(chosen) or chosen[row[k]]:
            cell = (key[k] - base) >> np.uint64(shift)
            at = ends[cell]
            keys[at], rows[at], finest[at] = key[k], row[k], finer[k]
            ends[cell] = at + 1


@compiled
def _sorted(
    key: np.ndarray, row: np.ndarray, finer: np.ndarray, starts: np.ndarray, base: np.uint64, shift: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort keys that lie in cells, in place: those that are left out make room."""
    largest = 1
    for cell in range(len(starts) - 1):
        largest = max(largest, starts[cell + 1] - starts[cell])
    marks, ends = np.empty(_power(2 * largest), np.uint8), np.empty(_power(largest) + 1, np.int64)
    keys, rows, finest = np.empty(largest, np.uint64), np.empty(largest, np.int64), np.empty(largest, np.uint32)
    total = 0
    for cell in range(len(starts) - 1):
        first = starts[cell]
        last = _shared(key, row, finer, first, starts[cell + 1], marks)
        bits = 0
        while (1 << bits) < (last - first) >> 1 and bits < shift:
            bits += 1
        _sort(key, row, finer, first, last, base, np.uint64(shift - bits), ends[: (1 << bits) + 1], keys, rows, finest)
        for k in range(last - first):
            key[total], row[total], finer[total] = keys[k], rows[k], finest[k]
            total += 1
    return key[:total], row[:total], finer[:total]


@inner
def _power(least: int) -> int:
    """Give the lowest power of two that is not less."""
    power = 1
    while power < least:
        power *= 2
    return power


@inner
def _shared(key: np.ndarray, row: np.ndarray, finer: np.ndarray, first: int, last: int, marks: np.ndarray) -> int:
    """Move the keys of a cell that come twice to its front, with a few that do not: two bits for each of eight places.

    They are told apart in a tenth of the time of sorting them all. Gives the end of those that stay.
    """
    some = marks[: _power(2 * (last - first))]
    some[:] = 0
    for k in range(first, last):
        byte, bit = _place(key[k], some)
        some[byte] |= bit | (some[byte] & bit) << 1
    end = first
    for k in range(first, last):
        byte, bit = _place(key[k], some)
        if some[byte] & bit << 1:
            key[end], row[end], finer[end] = key[k], row[k], finer[k]
            end += 1
    return end


@inner
def _place(key: np.uint64, marks: np.ndarray) -> tuple[np.uint64, np.uint8]:
    """Give the byte of a key, and the bit that says it came; the one above says it came again."""
    key = (key ^ (key >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    place = (key >> np.uint64(32)) & np.uint64(4 * len(marks) - 1)
    return place >> np.uint64(2), np.uint8(1 << (2 * (place & np.uint64(3))))


@making
def _sort(
    key: np.ndarray, row: np.ndarray, finer: np.ndarray, first: int, last: int, base: np.uint64, shift: np.uint64,
    ends: np.ndarray, keys: np.ndarray, rows: np.ndarray, finest: np.ndarray,
) -> None:  # fmt: skip
    """Sort the keys of a cell, as others: by their next bits into cells of about two, then inside these."""
    mask = np.uint64(len(ends) - 2)
    ends[:] = 0
    for k in range(first, last):
        ends[(((key[k] - base) >> shift) & mask) + np.uint64(1)] += 1
    for cell in range(1, len(ends)):
        ends[cell] += ends[cell - 1]
    for k in range(last - 1, first - 1, -1):
        cell = (((key[k] - base) >> shift) & mask) + np.uint64(1)
        ends[cell] -= 1
        at = ends[cell]
        keys[at], rows[at], finest[at] = key[k], row[k], finer[k]
    for cell in range(1, len(ends)):
        begin, end = ends[cell], ends[cell + 1] if cell + 1 < len(ends) else last - first
        if end - begin > FEW:
            order = order_of(keys[begin:end])
            put_in(order, keys[begin:end])
            put_in(order, rows[begin:end])
            put_in(order, finest[begin:end])
            continue
        for k in range(begin + 1, end):
            one, its_row, its_finer = keys[k], rows[k], finest[k]
            at = k
            while at > begin and keys[at - 1] > one:
                keys[at], rows[at], finest[at] = keys[at - 1], rows[at - 1], finest[at - 1]
                at -= 1
            keys[at], rows[at], finest[at] = one, its_row, its_finer
