"""Products: what a seller may offer, drawn at random, and their variants."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from .traits import TRAITS
from .tree import KINDS, Kind
from .vocabulary import COLOURS, PATTERN_WEIGHTS, PATTERNS, SIZES, invent_names

CHANGES = ("colour", "size", "pack", "model")  # how a variant may differ
HARD_CHANGES = (*CHANGES, "material", *TRAITS)  # and in a hard catalog
ALL_COLOURS = tuple(COLOURS)
ALL_PATTERNS = tuple(PATTERNS)


@dataclass(frozen=True)
class Product:
    """One product. A variant shares brand, series and kind with its family and has its own number."""

    number: int
    kind: str
    colour: str
    pattern: str
    material: str
    size: str
    brand: str
    series: str  # empty where the product has none
    model: str  # a model number such as "KT-210"; empty where the product has none
    price: float  # in euros
    trait: str = ""  # one of traits.TRAITS and its value; empty where the product has none

    @property
    def gtin(self) -> str:
        """The product's GTIN-13; prefix 952 is kept by GS1 for examples, so it belongs to nobody."""
        digits = f"952{scramble(self.number, 9)}"
        odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
        return digits + str(-(odd + 3 * even) % 10)

    @property
    def catalog_id(self) -> str:
        """The product's id in the platform's catalog."""
        return f"P{scramble(self.number, 9)}"


def scramble(number: int, digits: int) -> str:
    """Spread numbers over all strings of so many digits, one to one: ids tell nothing of their order."""
    return f"{(number * 618_033_989 + 271_828_183) % 10**digits:0{digits}d}"


class Market:
    """The brands and series of a catalog; their number grows with its rows."""

    def __init__(self, rows: int, seed: int) -> None:
        self.brands = invent_names(min(4000, 14 + rows // 250), f"{seed}/brands")
        self.series = invent_names(min(8000, 12 + rows // 100), f"{seed}/series")

    def draw(self, rng: random.Random, number: int, kind: Kind, change: str = "") -> Product:
        """Draw a product of a kind; `change` is what its variants will differ in, so that it can differ."""
        # The power makes some brands frequent and many rare, as in shops.
        brand = int(len(self.brands) * rng.random() ** 1.5)
        # A brand has its own few series.
        series = (brand * 17 + rng.randrange(4 + len(self.series) // 400)) % len(self.series)
        system = "pcs" if change == "pack" else rng.choice([s for s in kind.sizes if s != "pcs"])
        if not change and "pcs" in kind.sizes and rng.random() < 0.25:
            system = "pcs"
        model = f"{rng.choice('ABCDEFGHKLMNPRSTVXZ')}{rng.choice('KLMNRSTX')}-{rng.randrange(11, 80)}0"
        low, high = kind.price
        trait = f"{change} {rng.choice(list(TRAITS[change]))}" if change in TRAITS else ""
        return Product(
            number,
            kind.name,
            rng.choice(ALL_COLOURS),
            rng.choices(ALL_PATTERNS, PATTERN_WEIGHTS)[0],
            rng.choice(kind.materials),
            rng.choice(SIZES[system]),
            self.brands[brand],
            self.series[series] if rng.random() < 0.6 else "",
            model if change == "model" or rng.random() < 0.4 else "",
            round(low * (high / low) ** rng.random(), 2),
            trait,
        )


def variants(rng: random.Random, product: Product, change: str, count: int) -> list[Product]:
    """Draw variants of a product that differ from it, and among themselves, in one of CHANGES or HARD_CHANGES."""
    if change == "colour":
        others = rng.sample([c for c in ALL_COLOURS if c != product.colour], count)
        changed = [replace(product, colour=colour) for colour in others]
    elif change in TRAITS:
        values = [v for v in TRAITS[change] if f"{change} {v}" != product.trait]
        changed = [replace(product, trait=f"{change} {value}") for value in rng.sample(values, min(count, len(values)))]
    elif change == "material":
        others = [m for m in KINDS[product.kind].materials if m != product.material]
        changed = [replace(product, material=m) for m in rng.sample(others, min(count, len(others)))]
    elif change == "model":
        changed = [replace(product, model=_later(product.model, step)) for step in range(1, count + 1)]
        sizes = rng.sample(_other_sizes(product.size), count)  # models of one series come in several sizes
        changed = [replace(variant, size=size) for variant, size in zip(changed, sizes, strict=True)]
    else:
        sizes = rng.sample(_other_sizes(product.size), count)
        changed = [replace(product, size=size) for size in sizes]
    same = change not in ("size", "pack", "model")  # what a shop sells at one price
    prices = [product.price if same else round(product.price * rng.uniform(1.1, 1.8), 2) for _ in changed]
    return [
        replace(variant, number=product.number + place, price=price)
        for place, (variant, price) in enumerate(zip(changed, prices, strict=True), start=1)
    ]


def another_kind(rng: random.Random, product: Product, kinds: tuple[Kind, ...]) -> Product:
    """Draw a product that no shopper takes for the given one: of another shape and colour."""
    kind = rng.choice([k for k in kinds if k.shape != KINDS[product.kind].shape])
    colour = rng.choice([c for c in ALL_COLOURS if c != product.colour])
    return replace(product, kind=kind.name, colour=colour, material=rng.choice(kind.materials))


def _other_sizes(size: str) -> list[str]:
    system = next(sizes for sizes in SIZES.values() if size in sizes)
    return [other for other in system if other != size]


def _later(model: str, step: int) -> str:
    letters, number = model.split("-")
    return f"{letters}-{int(number) + 10 * step}"
