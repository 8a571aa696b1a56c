"""Which listings a model learns from and which judge it: whole families, never cut by us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ..schemas.errors import SourceError

SPLITS = ("train", "val", "test")  # where members of a family differ, the later one is stronger
NAMES = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test", "holdout": "test", "query": "test", "gallery": "test",
}  # fmt: skip


def group_hash(groups: pa.Array, seed: int) -> np.ndarray:
    """Hash families with a seed: their order in training. [uint64 (n,)]"""
    return np.array([xxhash.xxh64_intdigest(g.encode(), seed) for g in groups.to_pylist()], np.uint64)


def named(word: str | None) -> str | None:
    """Give the split that a source's word means: train, val, test, or None where it means none.

    >>> named(" Validation"), named("gallery"), named("north")
    ('val', 'test', None)
    """
    return NAMES.get((word or "").strip().casefold())


@dataclass(frozen=True)
class Families:
    """What the source says of families, those of which it says nothing left out: 9 bytes each."""

    hashes: np.ndarray  # uint64 (n,), sorted: xxh64 of the family's name
    given: np.ndarray  # uint8 (n,): bit k where a member is given SPLITS[k]

    @classmethod
    def of(cls, tables: Iterable[pa.Table | pa.RecordBatch]) -> Families:
        """Read them off listings with `group_id` and `split`, in as many tables as one likes.

        Raises:
            SourceError: a split that is not known.
        """
        hashes, bits = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint8)]
        for table in tables:
            known = table.filter(pc.is_valid(table["split"]))
            words = [_known(word) for word in known["split"].to_pylist()]
            hashes.append(group_hash(known["group_id"], 0))
            bits.append(np.array([0 if w is None else 1 << SPLITS.index(w) for w in words], np.uint8))
        found = np.concatenate(hashes)
        order = np.argsort(found, kind="stable")
        unique, first = np.unique(found[order], return_index=True)
        each = np.concatenate(bits)[order]
        return cls(unique, np.bitwise_or.reduceat(each, first) if len(unique) else each)

    @property
    def crossing(self) -> int:
        """Families of which the source puts members into different splits."""
        return int((np.bitwise_count(self.given) > 1).sum())

    def strongest(self, groups: pa.Array) -> list[str | None]:
        """Give the strongest split that a member of each listing's family has. [n strings, None where none has any]"""
        wanted = group_hash(groups, 0)
        place = np.minimum(np.searchsorted(self.hashes, wanted), max(0, len(self.hashes) - 1))
        found = self.given[place] if len(self.hashes) else np.zeros(len(wanted), np.uint8)
        bits = np.where(self.hashes[place] == wanted, found, 0) if len(self.hashes) else found
        return [SPLITS[bit.bit_length() - 1] if bit else None for bit in bits.tolist()]


def split_of(
    groups: pa.Array, given: pa.Array, val_share: float, seed: int, families: Families | None = None
) -> list[str]:
    """Say for each listing: train, val or test.

    What the source gives a listing wins. Others follow their family: the strongest split that the source gives a
    member (test, then val, then train), so that nothing is learnt from the family of what judges. A family without
    any goes to val as a whole with probability `val_share`, else to train.

    Args:
        groups, given: Family and split of each listing, strings of shape (n,); null where none is given.
        val_share: Share of the families that go to val, 0 to 1.
        seed: Of that draw.
        families: What the source says of families in the whole catalog; default: these listings are all there are.

    Raises:
        SourceError: a split that is not known.

    >>> split_of(pa.array(["a", "a", "b", "b"]), pa.array([None, None, "Test", None]), 0.0, seed=0)
    ['train', 'train', 'test', 'test']
    """
    own = [_known(word) for word in given.to_pylist()]
    families = families or Families.of([pa.table({"group_id": groups, "split": given.cast(pa.string())})])
    # Another seed than the order's: else val would be the families that come first.
    drawn = (group_hash(groups, seed + 1).astype(np.float64) / 2.0**64 < val_share).tolist()
    return [
        mine or family or ("val" if val else "train")
        for mine, family, val in zip(own, families.strongest(groups), drawn, strict=True)
    ]


def _known(word: str | None) -> str | None:
    split = named(word)
    if split is None and word is not None and word.strip():
        raise SourceError(f"split '{word}' is not known; known are {', '.join(NAMES)}")
    return split
