"""Families: a product, its variants, and all their listings by several sellers."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from .listings import Listing, draw_listing, relist
from .products import Market, Product
from .retouching import TILES, Shot
from .sellers import Seller, Sellers
from .titles import Wording, draw_wording, parts


@dataclass(frozen=True)
class Fact:
    """Something planted: what a listing is, of which other listing, in which way."""

    id: str
    kind: str
    of: str | None
    detail: str | None


@dataclass(frozen=True)
class Setting:
    """What all families of a catalog share."""

    rows: int
    seed: int
    photos: bool
    hard: bool  # variants that only a word tells apart, copies in more disguises
    sellers: Sellers
    market: Market

    @property
    def tiles(self) -> int:
        """How many "no image" tiles go round: so few that many listings share each."""
        return min(TILES, max(1, self.rows // 500))


@dataclass
class Family:
    """The listings of a product and of its variants, and what is known of them."""

    setting: Setting
    number: int
    first_row: int
    turn: int  # how many families had the same fault before
    rng: random.Random
    listings: list[Listing] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)  # those that no other family may have
    sellers: set[str] = field(default_factory=set)

    @property
    def base(self) -> Listing:
        """The first listing."""
        return self.listings[0]

    def new_seller(self) -> Seller:
        """Draw a seller who has not listed anything of this family."""
        seller = self.setting.sellers.draw(self.rng, self.sellers)
        self.sellers.add(seller.name)
        return seller

    def shot(self, product: Product, treatment: str = "none") -> Shot:
        """Take a new photo."""
        return Shot(product, f"{self.setting.seed}/{self.number}/{self.rng.getrandbits(40)}", treatment)

    def fact(self, listing: Listing, kind: str, of: Listing | None = None, detail: str | None = None) -> None:
        """Record what was planted."""
        self.facts.append(Fact(listing.sku, kind, of.sku if of else None, detail))

    def list_new(
        self,
        product: Product,
        seller: Seller | None = None,
        shots: tuple[Shot, ...] | None = None,
        wording: Wording | None = None,
        filled: tuple[str, ...] = (),
    ) -> Listing:
        """List a product, in words and with a photo of its own unless they are given."""
        seller = seller or self.new_seller()
        wording = wording or draw_wording(self.rng, seller, product)
        shots = (self.shot(product),) if shots is None else shots
        self.titles.append(" ".join(parts(product, wording)))
        return self.add(draw_listing(self.rng, self._row(), product, seller, wording, shots, filled))

    def list_again(self, first: Listing, seller: Seller, shots: tuple[Shot, ...]) -> Listing:
        """List the same once more, under a new id."""
        return self.add(relist(self.rng, self._row(), first, seller, shots))

    def offer(self, first: Listing) -> Listing:
        """Let another seller offer the product of a listing; a few offers do not name their seller."""
        offer = self.list_new(first.product)
        if self.rng.random() < 0.06:
            offer.row["shop"] = ""
        self.fact(offer, "offer", first)
        return offer

    def add(self, listing: Listing) -> Listing:
        """Add a listing, without its photos where the catalog has none."""
        if not self.setting.photos:
            listing = listing.with_shots(())
        self.listings.append(listing)
        return listing

    def retake(self, listing: Listing, *shots: Shot) -> Listing:
        """Give a listing other photos."""
        retaken = listing.with_shots(shots)
        self.listings[self.listings.index(listing)] = retaken
        return retaken

    def _row(self) -> int:
        return self.first_row + len(self.listings)
