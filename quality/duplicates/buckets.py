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

from ..compiled import compiled, inner, making
from .keys import PHOTO, Keys, grouped
from .sorting import FEW, order_of, taken

CAP = 16  # rows of a bucket that is not cut
CHUNK = 4096  # rows that are compared with each other at most
_FINER = np.uint32(16)


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


def buckets(parts: Sequence[Keys], leaders: int, cap: int = CAP, rows: np.ndarray | None = None) -> Buckets:
    """Bring together the rows of each key that two or more have.

    Args:
        parts: Keys, in any order.
        leaders: Rows with which each chunk of a large bucket begins.
        cap: Rows of a bucket that is not cut.
        rows: [bool (rows,)] those that take part; all by default.
    """
    # Copies are as large as they are, not as they might have been.
    return Buckets(*(part.copy() for part in _cut(*grouped(parts, rows), leaders, cap)))


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
        if last - first <= min(cap, FEW):
            total, count = _added(rows, starts, photo, seen, total, count, row, first, last, of_photo)
            first = last
            continue
        if last - first <= cap:
            run = _rising(row[first:last])
            total, count = _added(rows, starts, photo, seen, total, count, run, 0, len(run), of_photo)
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
                run = _rising(run)
                total, count = _added(rows, starts, photo, seen, total, count, run, 0, len(run), of_photo)
                continue
            lead = taken(run, order_of(run)[: 0 if of_photo else leaders])
            for part in range(0, len(run), CHUNK):
                members = _rising(_led(lead, run[part : part + CHUNK]))
                total, count = _added(rows, starts, photo, seen, total, count, members, 0, len(members), of_photo)
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
def _rising(rows: np.ndarray) -> np.ndarray:
    """Sort rows."""
    return taken(rows, order_of(rows))


@inner
def _added(
    rows: np.ndarray, starts: np.ndarray, photo: np.ndarray, seen: np.ndarray, total: int, count: int,
    members: np.ndarray, first: int, last: int, of_photo: bool,
) -> tuple[int, int]:  # fmt: skip
    """Write a bucket, members[first:last], each row of it once; those of more than a few are sorted already.

    One of a single row is none, nor is one that was written before: alike titles share many keys, and of a hundred
    buckets there are but six.
    """
    begin = total
    state = np.uint64(of_photo)
    for k in range(first, last):
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
