"""Faults: what goes wrong with listings, each planted into a family of good ones and recorded.

The kinds of fact in truth.parquet, with their details; those with a * name another listing in `of`:

    offer*             another seller's listing of the same product, in own words and with an own photo
    variant*           colour, size, pack or model: what differs, in title and attributes; in a hard catalog one of
                       products.HARD_CHANGES, in the title alone
    exact_copy*        same seller, title and photo
    relisting*         same_seller or other_seller, one of disguises.DISGUISES, one of retouching.CHANGES
                       (HARD_DISGUISES, HARD_CHANGES in a hard catalog)
    placeholder_photo  tile or tile_recompressed, and its number; many products share a tile
    broken_photo       garbage, truncated, missing (no such file) or empty
    tiny_photo         width x height
    odd_photo          width x height
    several_photos     how many, or first_broken: the first does not decode, the others do
    mismatched_photo   the kind of product that the photo shows
    short_title        empty or one_character
    duplicate_id       equal or different rows of one id
    adult              the kind of product
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .disguises import DISGUISES, HARD_DISGUISES, disguise
from .families import Family
from .listings import Listing
from .products import another_kind
from .retouching import BREAKAGES, CHANGES, HARD_CHANGES, Shot, odd_size, tiny_size
from .titles import parts
from .tree import COMMON


def _exact_copy(family: Family) -> None:
    base = family.base
    copy = family.list_again(base, base.seller, base.shots)
    copy.row["price"] = base.row["price"]
    family.fact(copy, "exact_copy", base)


def _relisting(family: Family) -> None:
    ways, changes = (HARD_DISGUISES, HARD_CHANGES) if family.setting.hard else (DISGUISES, CHANGES)
    base, way = family.base, ways[family.turn % len(ways)]
    change = changes[family.turn % len(changes)] if base.shots else "none"
    same = family.turn % 3 > 0
    seller = base.seller if same else family.new_seller()
    words = parts(base.product, base.wording)
    title = disguise(words, base.wording.language, way, family.rng)
    if title == base.row["name"]:  # a Korean title may have no letters that have a case
        way = "emoji"
        title = disguise(words, base.wording.language, way)
    shots = tuple(replace(shot, treatment=change) for shot in base.shots)
    listing = family.list_again(base, seller, shots)
    listing.row["name"] = title
    family.fact(listing, "relisting", base, f"{'same' if same else 'other'}_seller {way} {change}")


def _placeholder(family: Family) -> None:
    _tile(family, family.offer(family.base), recompressed=family.turn % 4 == 3)


def _shared_placeholder(family: Family) -> None:
    for listing in list(family.listings):
        _tile(family, listing)


def _tile(family: Family, listing: Listing, recompressed: bool = False) -> None:
    tile = family.turn % family.setting.tiles
    treatment = "tile_recompressed" if recompressed else "tile"
    family.retake(listing, Shot(listing.product, str(tile), treatment))
    family.fact(listing, "placeholder_photo", detail=f"{treatment} {tile}")


def _broken(family: Family) -> None:
    listing, way = family.offer(family.base), BREAKAGES[family.turn % len(BREAKAGES)]
    family.retake(listing, family.shot(listing.product, way))
    family.fact(listing, "broken_photo", detail=way)


def _tiny(family: Family) -> None:
    listing = family.offer(family.base)
    shot = family.shot(listing.product, "tiny")
    family.retake(listing, shot)
    family.fact(listing, "tiny_photo", detail="{}x{}".format(*tiny_size(shot.look)))


def _odd(family: Family) -> None:
    listing = family.offer(family.base)
    shot = family.shot(listing.product, "odd")
    family.retake(listing, shot)
    family.fact(listing, "odd_photo", detail="{}x{}".format(*odd_size(shot.look)))


def _several(family: Family) -> None:
    base, count = family.base, family.rng.randint(2, 4)
    shots = [family.shot(base.product) for _ in range(count)]
    broken = family.turn % 3 == 2
    if broken:
        shots[0] = family.shot(base.product, BREAKAGES[family.turn // 3 % len(BREAKAGES)])
    family.retake(base, *shots)
    family.fact(base, "several_photos", detail="first_broken" if broken else str(count))


def _mismatched(family: Family) -> None:
    listing = family.offer(family.base)
    other = another_kind(family.rng, listing.product, COMMON)
    family.retake(listing, family.shot(other))
    family.fact(listing, "mismatched_photo", detail=other.kind)


def _short_title(family: Family) -> None:
    listing = family.offer(family.base)
    listing.row["name"] = "" if family.turn % 2 == 0 else listing.product.brand[0]
    family.fact(listing, "short_title", detail="empty" if family.turn % 2 == 0 else "one_character")


def _duplicate_id(family: Family) -> None:
    first = family.listings[-1]
    again = family.add(replace(first, row=dict(first.row), shots=()))
    equal = family.turn % 2 == 0
    if not equal:
        again.row["price"] = again.seller.price(again.product.price * 0.8)
        again.row["updated"] = "2025-06-30T08:00:00Z"
    family.fact(first, "duplicate_id", detail="equal" if equal else "different")


def _adult(family: Family) -> None:
    for listing in family.listings:
        family.fact(listing, "adult", detail=listing.product.kind)


FAULTS: dict[str, Callable[[Family], None]] = {
    "exact_copy": _exact_copy,
    "relisting": _relisting,
    "placeholder": _placeholder,
    "shared_placeholder": _shared_placeholder,
    "broken": _broken,
    "tiny": _tiny,
    "odd": _odd,
    "several": _several,
    "mismatched": _mismatched,
    "short_title": _short_title,
    "duplicate_id": _duplicate_id,
    "adult": _adult,
}
PHOTO_FAULTS = {"placeholder", "shared_placeholder", "broken", "tiny", "odd", "several", "mismatched"}
ADDED = set(FAULTS) - {"shared_placeholder", "several", "adult"}  # faults that are one listing more
