"""Sellers: whom a catalog collects listings from, and each one's habits of writing."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .vocabulary import LANGUAGES

SHOPS = {
    "en": (
        "Oakline Store", "Bluegate Outlet", "Harrow & Finch", "Pinecart", "Quayside Goods", "Fern & Field",
        "Northside Deals", "Copperlane", "Daily Basket Co",
    ),
    "de": ("Kaufhaus Lindner", "Waren-Depot Nord", "Huberts Laden", "Schnäppchenkiste", "Stadtladen Mitte"),
    "fr": ("Maison Verdier", "Comptoir Lumen", "Le Bazar Clair", "Boutique du Quai"),
    "ko": ("하늘상회", "모아마켓", "바른상점", "다온스토어"),
}  # fmt: skip
CURRENCIES = {"en": ("USD", 1.1), "de": ("EUR", 1.0), "fr": ("EUR", 1.0), "ko": ("KRW", 1500.0)}
# How a seller may spoil a title; titles.py knows how to do each.
HABITS = ("prefix", "suffix", "shop", "shout", "emoji", "spaces", "entities", "repeat", "mojibake")


@dataclass(frozen=True)
class Seller:
    """A seller, who mostly writes in one language, in one order, with the same bad habits."""

    name: str
    language: str
    order: int  # of the words in a title
    brackets: bool  # writes the colour in brackets
    habits: tuple[str, ...]
    habit_share: float  # of the titles that show one of the habits
    html: bool  # writes descriptions in HTML
    filled: float  # share of the attributes that are filled in
    gtins: float  # share of the listings with a GTIN
    contact: bool  # leaves an address in the descriptions

    @property
    def currency(self) -> str:
        """The currency of the prices."""
        return CURRENCIES[self.language][0]

    def price(self, euros: float) -> str:
        """Write a price in the seller's currency."""
        amount = euros * CURRENCIES[self.language][1]
        return str(round(amount / 100) * 100) if self.currency == "KRW" else f"{amount:.2f}"

    def habit(self, rng: random.Random) -> str:
        """Draw what spoils the next title; mostly nothing does."""
        return rng.choice(self.habits) if rng.random() < self.habit_share else ""


class Sellers:
    """The sellers of a catalog: 8 in a small one, up to 20, at least two for each language."""

    def __init__(self, rows: int, seed: int) -> None:
        count = min(20, 8 + rows // 500)
        self.by_language = {language: [_seller(language, n, seed) for n in range(2)] for language in LANGUAGES}
        for _ in range(count - 8):
            # The language that is furthest behind its share gets the next seller.
            language = min(
                (lang for lang in LANGUAGES if len(self.by_language[lang]) < len(SHOPS[lang])),
                key=lambda lang: len(self.by_language[lang]) / LANGUAGES[lang],
            )
            self.by_language[language].append(_seller(language, len(self.by_language[language]), seed))
        self.all = [seller for sellers in self.by_language.values() for seller in sellers]

    def draw(self, rng: random.Random, without: set[str]) -> Seller:
        """Draw a seller by the languages' shares, not one of those named; the first ones sell most."""
        while True:
            language = rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
            sellers = self.by_language[language]
            seller = sellers[int(len(sellers) * rng.random() ** 1.5)]
            if seller.name not in without:
                return seller


def _seller(language: str, place: int, seed: int) -> Seller:
    rng = random.Random(f"{seed}/seller/{language}/{place}")
    # English and Korean titles do not survive a wrong decoding in a way that sellers would leave standing.
    habits = [h for h in HABITS if h != "mojibake" or language in ("de", "fr")]
    names = list(SHOPS[language])
    random.Random(f"{seed}/shops/{language}").shuffle(names)
    return Seller(
        name=names[place],
        language=language,
        order=rng.randrange(12),
        brackets=rng.random() < 0.3,
        habits=tuple(rng.sample(habits, 2)),
        habit_share=rng.choice((0.05, 0.15, 0.3, 0.5)),
        html=rng.random() < 0.4,
        filled=rng.uniform(0.55, 0.95),
        gtins=rng.uniform(0.2, 0.7),
        contact=rng.random() < 0.15,
    )
