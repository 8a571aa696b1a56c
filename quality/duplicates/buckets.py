"""Buckets: rows that share a key. Those too large are cut by a finer key, and what is still too large into chunks.

In a catalog of a million templated titles one bucket of an LSH band held 8,243 rows. A bucket of more than CAP is cut
by the values of the next band: on such a catalog that leaves 25 million candidates of 592 million, and finds no fewer
true pairs, since alike titles share several bands. Of what the next band does not tell apart, such as one title at a
hundred thousand sellers, each chunk begins with the same few rows, so that all are compared with these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..compiled import compiled, inner, making
from .sorting import order_of, put_in, taken

CAP = 16  # rows of a bucket that is not cut
CHUNK = 4096  # rows that are compared with each other at most
PHOTO = np.uint64(1)  # the lowest bit of a key says that it is one of a photo
KEYS = pa.schema([("key", pa.uint64()), ("row", pa.uint32()), ("finer", pa.uint32())])
_FINER = np.uint32(16)
_CELL = 32  # up to so many are sorted by insertion


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


def shared_keys(parts: Sequence[Keys]) -> Keys:
    """Join keys without most of those that come once: nobody shares them."""
    chosen, first, found = shared(*(part.key for part in parts)), 0, []
    for part in parts:
        mine = chosen[first : first + len(part.key)]
        found.append(Keys(part.key[mine], part.row[mine], part.finer[mine]))
        first += len(part.key)
    return all_keys(found)


@dataclass(frozen=True)
class Buckets:
    """Rows that are to be compared: bucket i is rows[starts[i]:starts[i + 1]], leaders are taken in this order."""

    rows: np.ndarray  # [int64 (total,)] a row may stand in several buckets
    starts: np.ndarray  # [int64 (buckets + 1,)]
    photo: np.ndarray  # [bool (buckets,)] they share words of their photos' hashes

    def batches(self, most: int, size: np.ndarray, most_bytes: int) -> Iterator[tuple[np.ndarray, Buckets]]:
        """Cut into whole buckets of about `most` members and `most_bytes` in all, or one bucket that is larger.

        Args:
            most: Members.
            size: [int64 (total,)] bytes of each member.
            most_bytes: Bytes.

        Yields:
            The rows in them, ascending, and buckets of these.
        """
        filled, first = np.concatenate([[0], np.cumsum(size)])[self.starts], 0
        while first < len(self.photo):
            last = np.searchsorted(self.starts, self.starts[first] + most, side="right")
            last = int(min(last, np.searchsorted(filled, filled[first] + most_bytes, side="right"))) - 1
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
    key, row, finer = _ordered(keys.key, keys.row, keys.finer, shared(keys.key))
    # Copies are as large as they are, not as they might have been.
    return Buckets(*(part.copy() for part in _cut(key, row, finer, leaders, cap)))


def shared(*parts: np.ndarray) -> np.ndarray:
    """Say which keys come twice, and a few that do not: two bits for each of eight places a key. [bool (n,)]

    Most keys stand alone, and are thus told apart in a tenth of the time of sorting them.
    """
    places = 1 << max(2, (8 * sum(map(len, parts)) - 1).bit_length())
    marks = np.zeros(places >> 2, np.uint8)
    for keys in parts:
        _mark(keys, marks)
    return np.concatenate([_marked(keys, marks) for keys in parts])


@inner
def _place(key: np.uint64, marks: np.ndarray) -> tuple[np.uint64, np.uint8]:
    """Give the byte of a key, and the bit that says it came; the one above says it came again."""
    place = ((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) & np.uint64(4 * len(marks) - 1)
    return place >> np.uint64(2), np.uint8(1 << (2 * (place & np.uint64(3))))


@compiled
def _mark(keys: np.ndarray, marks: np.ndarray) -> None:
    for k in range(len(keys)):
        byte, bit = _place(keys[k], marks)
        marks[byte] |= bit | (marks[byte] & bit) << 1


@compiled
def _marked(keys: np.ndarray, marks: np.ndarray) -> np.ndarray:
    found = np.zeros(len(keys), np.bool_)
    for k in range(len(keys)):
        byte, bit = _place(keys[k], marks)
        found[k] = (marks[byte] & bit << 1) != 0
    return found


@compiled
def _ordered(
    key: np.ndarray, row: np.ndarray, finer: np.ndarray, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort some keys with what belongs to them: by their first bits into cells of about two, then inside the cells."""
    total = 0
    for k in range(len(chosen)):
        total += chosen[k]
    bits = np.uint64(1)
    while (1 << bits) < total >> 1:
        bits += np.uint64(1)
    down = np.uint64(64) - bits
    starts = np.zeros((1 << bits) + 1, np.int64)
    for k in range(len(key)):
        starts[(key[k] >> down) + np.uint64(1)] += chosen[k]
    ends = np.empty(1 << bits, np.int64)
    for cell in range(len(ends)):
        ends[cell] = starts[cell]
        starts[cell + 1] += starts[cell]
    keys, rows, finest = np.empty(total, np.uint64), np.empty(total, np.int64), np.empty(total, np.uint32)
    for k in range(len(key)):
        if chosen[k]:
            cell = key[k] >> down
            at = ends[cell]
            ends[cell] += 1
            if at - starts[cell] < _CELL:
                while at > starts[cell] and keys[at - 1] > key[k]:
                    keys[at], rows[at], finest[at] = keys[at - 1], rows[at - 1], finest[at - 1]
                    at -= 1
            keys[at], rows[at], finest[at] = key[k], row[k], finer[k]
    for cell in range(len(ends)):
        first, last = starts[cell], ends[cell]
        if last - first > _CELL:
            order = order_of(keys[first:last])
            put_in(order, keys[first:last])
            put_in(order, rows[first:last])
            put_in(order, finest[first:last])
    return keys, rows, finest


@compiled
def _cut(
    key: np.ndarray, row: np.ndarray, finer: np.ndarray, leaders: int, cap: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut sorted keys into buckets; all rows are kept in an order that depends on the set of keys alone."""
    n = len(key)
    rows = np.empty(n + 2 * (n // CHUNK + 1) * leaders, np.int64)
    starts, photo = np.zeros(n + 1, np.int64), np.empty(n, np.bool_)
    bits = 1
    while (1 << bits) < n:
        bits += 1
    seen = np.zeros(1 << bits, np.int32)  # numbers of buckets, from 1, by the hash of their members
    count = total = first = 0
    while first < n:
        last = first + 1
        while last < n and key[last] == key[first]:
            last += 1
        of_photo = (key[first] & PHOTO) != 0
        if last - first <= cap:
            total, count = _added(rows, starts, photo, seen, total, count, row[first:last], of_photo)
            first = last
            continue
        order = _by_finer(finer[first:last], row[first:last])
        for k in range(len(order)):
            order[k] += first
        begin = 0
        while begin < len(order):
            end = len(order)
            if not of_photo:
                end = begin + 1
                while end < len(order) and finer[order[end]] >> _FINER == finer[order[begin]] >> _FINER:
                    end += 1
            run = taken(row, order[begin:end])
            begin = end
            if len(run) <= max(cap, CHUNK):
                total, count = _added(rows, starts, photo, seen, total, count, run, of_photo)
                continue
            lead = taken(run, order_of(run)[: 0 if of_photo else leaders])
            for part in range(0, len(run), CHUNK):
                members = _led(lead, run[part : part + CHUNK])
                total, count = _added(rows, starts, photo, seen, total, count, members, of_photo)
        first = last
    return rows[:total], starts[: count + 1], photo[:count]


@making
def _by_finer(finer: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Sort by the finer key, then by row."""
    by_row = order_of(row)
    return taken(by_row, order_of(taken(finer, by_row)))


@making
def _led(lead: np.ndarray, chunk: np.ndarray) -> np.ndarray:
    """Put the leaders in front of the members of a chunk that are greater than all of them."""
    members = np.empty(len(lead) + len(chunk), np.int64)
    count = len(lead)
    for k in range(count):
        members[k] = lead[k]
    for row in chunk:
        if len(lead) == 0 or row > lead[-1]:
            members[count] = row
            count += 1
    return members[:count]


@making
def _added(
    rows: np.ndarray, starts: np.ndarray, photo: np.ndarray, seen: np.ndarray, total: int, count: int,
    members: np.ndarray, of_photo: bool,
) -> tuple[int, int]:  # fmt: skip
    """Write a bucket, sorted, each row of it once; one of a single row is none, nor is one that was written before.

    Alike titles share many keys: of a hundred buckets there are but six.
    """
    begin = total
    if len(members) > _CELL:
        members = taken(members, order_of(members))
    state = np.uint64(of_photo)
    for k in range(len(members)):
        at = total
        while at > begin and rows[at - 1] > members[k]:
            at -= 1
        if at > begin and rows[at - 1] == members[k]:
            continue
        for behind in range(total, at, -1):
            rows[behind] = rows[behind - 1]
        rows[at] = members[k]
        total += 1
    if total - begin < 2:
        return begin, count
    for k in range(begin, total):
        state = (state ^ np.uint64(rows[k])) * np.uint64(0x9E3779B97F4A7C15)
        state ^= state >> np.uint64(32)
    slot = np.int64(state & np.uint64(len(seen) - 1))
    while seen[slot]:
        other = seen[slot] - 1
        if photo[other] == of_photo and starts[other + 1] - starts[other] == total - begin:
            same = True
            for k in range(total - begin):
                same = same and rows[starts[other] + k] == rows[begin + k]
            if same:
                return begin, count
        slot = (slot + 1) & (len(seen) - 1)
    photo[count], starts[count + 1], seen[slot] = of_photo, total, count + 1
    return total, count + 1
