"""Planting: known faults in fixed shares, dealt like cards.

A deck of families holds every fault and always makes 140 listings, so that 300 rows have every fault at least
twice. The order within a deck is drawn. A family that has a title of an earlier one is drawn again.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .families import Family, Setting
from .faults import ADDED, FAULTS, PHOTO_FAULTS
from .listings import ATTRIBUTES, Listing
from .products import HARD_CHANGES, Product, variants
from .retouching import Shot
from .titles import CHANGED_SLOT, draw_wording
from .tree import ADULT, COMMON, Kind


@dataclass(frozen=True)
class Card:
    """A family to be dealt: so many offers by other sellers, so many variants, and a fault."""

    fault: str = ""
    offers: int = 0
    variants: int = 0
    offers_each: int = 0  # of a variant

    @property
    def rows(self) -> int:
        """How many listings the family will have."""
        return 1 + self.offers + self.variants * (1 + self.offers_each) + (self.fault in ADDED)


@dataclass(frozen=True)
class Deal:
    """A card on the table: of which kind its product is, and how many cards had the same fault before."""

    card: Card
    kind: Kind
    turn: int


def families(setting: Setting) -> Iterator[Family]:
    """Stream the families of a catalog, of exactly `setting.rows` listings in all."""
    titles, row = Titles(setting.rows), 0
    for number, deal in enumerate(_deals(setting.seed)):
        if row + deal.card.rows > setting.rows:
            deal = replace(deal, card=Card("adult" if deal.kind.adult else ""))
        attempt = 0
        family = _grow(setting, deal, number, row, attempt)
        while not titles.add(family.titles):
            attempt += 1
            family = _grow(setting, deal, number, row, attempt)
        yield family
        row += len(family.listings)
        if row == setting.rows:
            return


def _deals(seed: int) -> Iterator[Deal]:
    """Deal deck after deck; kinds are dealt from a deck of their own, so that each gets as many families."""
    rng = random.Random(f"{seed}/decks")
    turns: Counter[str] = Counter()
    kinds: list[Kind] = []
    while True:
        for card in rng.sample(DECK, len(DECK)):
            turn = turns[card.fault]
            turns[card.fault] += 1
            if card.fault == "adult":
                yield Deal(card, ADULT[turn % len(ADULT)], turn)
                continue
            kinds = kinds or rng.sample(COMMON, len(COMMON))
            yield Deal(card, kinds.pop(), turn)


def _grow(setting: Setting, deal: Deal, number: int, row: int, attempt: int) -> Family:
    rng = random.Random(f"{setting.seed}/family/{number}/{attempt}")
    family, card = Family(setting, number, row, deal.turn, rng), deal.card
    changes = HARD_CHANGES if setting.hard else VARIANT_CHANGES
    change = changes[deal.turn % len(changes)] if card.variants else ""
    product = setting.market.draw(rng, number * 8, deal.kind, change)
    seller = family.new_seller()
    said = frozenset({CHANGED_SLOT[change]}) if change in CHANGED_SLOT else frozenset()
    wording = draw_wording(rng, seller, product, said, plain=card.fault == "relisting")
    filled = ("colour", "size") if change and not setting.hard else ()
    base = family.list_new(product, seller, wording=wording, filled=filled)
    for _ in range(card.offers):
        family.offer(base)
    for variant in variants(rng, product, change, card.variants) if change else ():
        shot = _variant_shot(family, base, variant, change)
        listing = family.list_new(variant, seller, (shot,), wording, filled)
        if setting.hard:
            _leave_to_the_title(base, listing, change)
        family.fact(listing, "variant", base, change)
        for _ in range(card.offers_each):
            family.offer(listing)
    if card.fault in PHOTO_FAULTS and not setting.photos:
        if card.fault in ADDED:
            family.offer(base)
    elif card.fault in FAULTS:
        FAULTS[card.fault](family)
    return family


def _variant_shot(family: Family, base: Listing, variant: Product, change: str) -> Shot:
    """Shops show variants in the same photo, recoloured or not, more often than in a new one; always, if hard."""
    if family.setting.hard and base.shots:
        return replace(base.shots[0], treatment=family.rng.choice(("none", "recompressed")))
    new = family.shot(variant)
    share = family.rng.random()
    if not base.shots or share < 0.3:
        return new
    if change == "colour" and share < 0.85:
        return replace(base.shots[0], product=variant)
    return base.shots[0]


def _leave_to_the_title(base: Listing, variant: Listing, change: str) -> None:
    """Empty the columns that would tell variants apart."""
    for listing in (base, variant):
        for column in ("ean", "product", *({"pack": ("size",)}.get(change, (change,) if change in ATTRIBUTES else ()))):
            listing.row[column] = ""


VARIANT_CHANGES = ("colour", "size", "pack", "colour", "model", "size")

DECK = (
    *[Card("variant", offers=3, variants=1, offers_each=2)] * 6,
    Card("variant", offers=1, variants=3, offers_each=1),
    *[Card("exact_copy", offers=2)] * 2,
    *[Card("relisting", offers=2)] * 4,
    *[Card("placeholder", offers=2)] * 2,
    Card("shared_placeholder", variants=1),
    *[Card("broken", offers=2)] * 2,
    Card("tiny", offers=2),
    Card("odd", offers=2),
    *[Card("several", offers=2)] * 3,
    *[Card("mismatched", offers=2)] * 2,
    Card("short_title", offers=2),
    *[Card("duplicate_id", offers=2)] * 2,
    *[Card("adult", offers=1)] * 2,
    Card(offers=3),
    *[Card()] * 3,
)


class Titles:
    """The titles in use, as bits: 8 bytes a row; at worst one new title in 60 is taken for an old one."""

    def __init__(self, rows: int) -> None:
        self.bits = bytearray(8 * rows + 64)

    def add(self, titles: list[str]) -> bool:
        """Take titles into use, unless one of them is already; letters and digits count, case does not."""
        places = {_digest(title) % (8 * len(self.bits)) for title in titles}
        if len(places) < len(titles) or any(self.bits[place >> 3] >> (place & 7) & 1 for place in places):
            return False
        for place in places:
            self.bits[place >> 3] |= 1 << (place & 7)
        return True


def _digest(title: str) -> int:
    letters = "".join(filter(str.isalnum, title.casefold()))
    return int.from_bytes(hashlib.blake2b(letters.encode(), digest_size=8).digest(), "big")
