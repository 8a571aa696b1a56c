"""Listings: the rows of a raw export, as sellers fill them in."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .products import Product, scramble
from .retouching import Shot
from .sellers import Seller
from .titles import Wording, write_details, write_title
from .tree import KINDS

COLUMNS = (
    "sku", "shop", "name", "details", "maker", "department", "colour", "size", "material", "pattern", "price",
    "currency", "ean", "product", "photos", "is_adult", "updated",
)  # fmt: skip
ATTRIBUTES = ("colour", "size", "material", "pattern")
START = datetime(2023, 1, 1)


@dataclass(frozen=True)
class Listing:
    """A row, and what its maker knows of it."""

    row: dict[str, str]  # by COLUMNS
    product: Product
    seller: Seller
    wording: Wording
    shots: tuple[Shot, ...]

    @property
    def sku(self) -> str:
        """The listing's id."""
        return self.row["sku"]

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the photos, below photos/; the end of the id spreads them over folders evenly."""
        folder, name = self.sku[-2:], self.sku.lower()
        return tuple(f"{folder}/{name}-{place}.jpg" for place in range(1, len(self.shots) + 1))

    def with_shots(self, shots: tuple[Shot, ...]) -> Listing:
        """Give the listing with these photos."""
        listing = replace(self, shots=shots)
        return replace(listing, row={**self.row, "photos": "|".join(listing.files)})


def draw_listing(
    rng: random.Random,
    number: int,
    product: Product,
    seller: Seller,
    wording: Wording,
    shots: tuple[Shot, ...],
    filled: tuple[str, ...] = (),
) -> Listing:
    """Let a seller list a product; the columns named in `filled` are not left empty, others may be."""
    kind = KINDS[product.kind]
    full = kind.adult or rng.random() < 0.96
    row = {
        "name": write_title(product, wording, seller),
        "details": write_details(rng, product, wording, seller),
        "maker": product.brand if rng.random() < 0.9 else "",
        "department": kind.department if full else "",
        "ean": product.gtin if rng.random() < seller.gtins else "",
        "product": product.catalog_id if rng.random() < 0.6 else "",
        "is_adult": str(kind.adult).lower() if rng.random() < 0.92 else "",
    }
    for attribute in ATTRIBUTES:
        says = attribute in filled or rng.random() < seller.filled
        row[attribute] = str(getattr(product, attribute)) if says else ""
    row["updated"] = f"{(START + timedelta(seconds=rng.randrange(63_000_000))).isoformat()}Z"
    return relist(rng, number, Listing(row, product, seller, wording, shots), seller, shots)


def relist(rng: random.Random, number: int, listing: Listing, seller: Seller, shots: tuple[Shot, ...]) -> Listing:
    """List the same under a new id, a little later, at a seller's price."""
    later = datetime.fromisoformat(listing.row["updated"][:-1]) + timedelta(minutes=rng.randrange(1, 90_000))
    row = {
        **listing.row,
        "sku": f"L{scramble(number, 8)}",
        "shop": seller.name,
        "price": seller.price(listing.product.price * rng.uniform(0.9, 1.15)),
        "currency": seller.currency,
        "updated": f"{later.isoformat()}Z",
    }
    return replace(listing, row=row, seller=seller).with_shots(shots)
