"""Buckets: rows that share a key. Those too large are cut by a finer key, and what is still too large into chunks.

In a catalog of a million templated titles one bucket of an LSH band held 8,243 rows. A bucket of more than CAP is cut
by the values of the next band: on such a catalog that leaves 25 million candidates of 592 million, and finds no fewer
true pairs, since alike titles share several bands. Of what the next band does not tell apart, such as one title at a
hundred thousand sellers, each chunk begins with the same few rows, so that all are compared with these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import pyarrow as pa

CAP = 16  # rows of a bucket that is not cut
CHUNK = 4096  # rows that are compared with each other at most
PHOTO = np.uint64(1)  # the lowest bit of a key says that it is one of a photo
KEYS = pa.schema([("key", pa.uint64()), ("row", pa.uint32()), ("finer", pa.uint32())])
_FINER = np.uint32(16)


@dataclass(frozen=True)
class Keys:
    """The keys under which rows look for their like; a row has several."""

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


@dataclass(frozen=True)
class Buckets:
    """Rows that are to be compared: bucket i is rows[starts[i]:starts[i + 1]], leaders are taken in this order."""

    rows: np.ndarray  # [int64 (total,)] a row may stand in several buckets
    starts: np.ndarray  # [int64 (buckets + 1,)]
    photo: np.ndarray  # [bool (buckets,)] they share words of their photos' hashes

    def batches(self, most: int) -> Iterator[tuple[np.ndarray, Buckets]]:
        """Cut into whole buckets of about `most` members in all: the rows in them, ascending, and buckets of these."""
        first = 0
        while first < len(self.photo):
            last = int(np.searchsorted(self.starts, self.starts[first] + most, side="right")) - 1
            last = max(first + 1, last)
            begin, end = self.starts[first], self.starts[last]
            rows, places = np.unique(self.rows[begin:end], return_inverse=True)
            yield rows, Buckets(places, self.starts[first : last + 1] - begin, self.photo[first:last])
            first = last


def buckets(keys: Keys, leaders: int, cap: int = CAP) -> Buckets:
    """Bring together the rows of each key that two or more have.

    Args:
        keys: In any order.
        leaders: Rows with which each chunk of a large bucket begins.
        cap: Rows of a bucket that is not cut.
    """
    several = _shared(keys.key)
    key, row, finer = keys.key[several], keys.row[several], keys.finer[several]
    order = np.argsort(key)
    rows, starts, photo = _cut(key[order], row[order], finer[order], leaders, cap)
    return Buckets(rows, starts, photo)


@numba.njit(cache=True)
def _shared(keys: np.ndarray) -> np.ndarray:
    """Say which keys come twice, and a few that do not: two bits for each of eight places a key. [bool (n,)]

    Most keys stand alone, and are thus told apart in a tenth of the time of sorting them.
    """
    bits = np.uint64(3)
    while (np.uint64(1) << bits) < np.uint64(8 * len(keys)):
        bits += np.uint64(1)
    once = np.zeros(1 << (bits - np.uint64(3)), np.uint8)
    twice = np.zeros(1 << (bits - np.uint64(3)), np.uint8)
    down = np.uint64(64) - bits
    for k in range(len(keys)):
        place = (keys[k] * np.uint64(0x9E3779B97F4A7C15)) >> down
        byte, bit = place >> np.uint64(3), np.uint8(1 << (place & np.uint64(7)))
        if once[byte] & bit:
            twice[byte] |= bit
        once[byte] |= bit
    found = np.zeros(len(keys), np.bool_)
    for k in range(len(keys)):
        place = (keys[k] * np.uint64(0x9E3779B97F4A7C15)) >> down
        found[k] = (twice[place >> np.uint64(3)] & np.uint8(1 << (place & np.uint64(7)))) != 0
    return found


@numba.njit(cache=True)
def _cut(
    key: np.ndarray, row: np.ndarray, finer: np.ndarray, leaders: int, cap: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut sorted keys into buckets; all rows are kept in an order that depends on the set of keys alone."""
    n = len(key)
    most = n + 2 * (n // CHUNK + 1) * leaders
    rows = np.empty(most, np.int64)
    starts, photo = np.zeros(n + 1, np.int64), np.empty(n, np.bool_)
    count = total = first = 0
    while first < n:
        last = first + 1
        while last < n and key[last] == key[first]:
            last += 1
        of_photo = (key[first] & PHOTO) != 0
        if last - first > cap:
            order = first + _ordered(finer[first:last], row[first:last])
        else:
            order = first + np.argsort(row[first:last])
        begin = 0
        while begin < len(order):
            end = len(order)
            if end > cap and not of_photo:
                end = begin + 1
                while end < len(order) and finer[order[end]] >> _FINER == finer[order[begin]] >> _FINER:
                    end += 1
            run = order[begin:end]
            begin = end
            if len(run) <= max(cap, CHUNK):
                total, count = _added(rows, starts, photo, total, count, np.sort(row[run]), of_photo)
                continue
            lead = np.sort(row[run])[:leaders] if not of_photo else np.empty(0, np.int64)
            for part in range(0, len(run), CHUNK):
                chunk = np.sort(row[run[part : part + CHUNK]])
                behind = chunk[chunk > lead[-1]] if len(lead) else chunk
                total, count = _added(rows, starts, photo, total, count, np.concatenate((lead, behind)), of_photo)
        first = last
    return rows[:total].copy(), starts[: count + 1].copy(), photo[:count].copy()


@numba.njit(cache=True)
def _ordered(finer: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Sort by the finer key, then by row."""
    by_row = np.argsort(row)
    return by_row[np.argsort(finer[by_row], kind="mergesort")]


@numba.njit(cache=True)
def _added(
    rows: np.ndarray, starts: np.ndarray, photo: np.ndarray, total: int, count: int, members: np.ndarray, of_photo: bool
) -> tuple[int, int]:
    """Write a bucket, each row of it once; one of a single row is none."""
    begin = total
    for k in range(len(members)):
        if k == 0 or members[k] != members[k - 1]:
            rows[total] = members[k]
            total += 1
    if total - begin < 2:
        return begin, count
    photo[count] = of_photo
    starts[count + 1] = total
    return total, count + 1
