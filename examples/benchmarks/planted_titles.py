"""Titles with planted duplicates and variants, and how well a tool told one from the other."""

from __future__ import annotations

import html
import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COPIES = ("exact", "format", "noise", "order", "typo")
COPIED, VARIED = 0.5, 0.2  # shares of the products that have copies, or a variant


def _words(text: str) -> list[str]:
    return text.split()


NOUNS = _words("""mug kettle lamp chair table backpack wallet jacket shirt dress sneaker sandal watch ring necklace
    blender toaster pan knife spoon plate bowl towel pillow blanket curtain rug mirror clock vase candle frame shelf
    drawer keyboard mouse monitor charger cable speaker headphone tripod lens battery router printer scanner tablet
    phone case holder stand mount drill hammer saw wrench pliers tape brush roller ladder hose sprinkler shovel rake pot
    shampoo soap lotion cream serum mask perfume lipstick comb razor toothbrush floss bottle flask thermos lunchbox
    puzzle doll robot kite ball racket glove helmet goggles tent lantern compass rope hook magnet sticker notebook
    pen pencil marker eraser stapler folder binder calendar guitar violin drum flute piano microphone stroller crib
    bib pacifier leash collar kennel aquarium feeder""")
TRAITS = _words("""ceramic wooden leather cotton steel bamboo glass silicone linen wool portable foldable wireless
    rechargeable waterproof vintage modern slim heavy light quiet double soft organic magnetic adjustable compact
    outdoor kitchen office travel garden classic premium digital electric manual handmade insulated""")
VALUES = {
    "colour": ["red", "blue", "green", "black", "white", "pink", "grey", "brown", "yellow", "purple"],
    "size": ["S", "M", "L", "XL", "XXL"],
    "storage": ["32GB", "64GB", "128GB", "256GB", "512GB"],
    "volume": ["250 ml", "330 ml", "500 ml", "750 ml", "1 l"],
    "pack": ["pack of 2", "pack of 4", "pack of 6", "pack of 10"],
    "word": ["lavender", "vanilla", "lemon", "cherry", "original", "pro", "lite", "ultra"],  # no table has them all
}
SHOUTS = ["HOT SALE!! {}", "[Official Store] {}", "{} - Free Shipping", "★ 100% Original ★ {}", "{} *READY STOCK*",
          "🔥 Limited Offer 🔥 {}", "{} | Fast Delivery", "BEST SELLER {} !!!"]  # fmt: skip


@dataclass(frozen=True)
class Title:
    """One row: its product, what was done to make it, and the row that it was made from."""

    id: str
    text: str
    product: int
    kind: str
    of: str | None


def plant(rows: int, seed: int) -> list[Title]:
    """Draw titles: products, copies of them in five disguises, and variants that differ in one value; shuffled."""
    draw = random.Random(seed)
    brands = [_name(draw, 2) for _ in range(max(20, rows // 50))]
    planted: list[Title] = []
    product = 0

    def add(text: str, kind: str, of: str | None = None) -> str:
        planted.append(Title(f"t{len(planted):07d}", text, product, kind, of))
        return planted[-1].id

    while len(planted) < rows:
        product += 1
        parts, values = _product(draw, brands)
        base = add(" ".join([*parts, *values.values()]), "product")
        fate = draw.random()
        if fate < COPIED:
            for _ in range(draw.choices((1, 2, 3), (85, 10, 5))[0]):
                kind = draw.choice(COPIES)
                add(_disguise(draw, [*parts, *values.values()], kind), kind, base)
        elif values and fate < COPIED + VARIED:
            product += 1
            kind = draw.choice([*values])
            other = draw.choice([v for v in VALUES[kind] if v != values[kind]])
            add(" ".join([*parts, *(values | {kind: other}).values()]), f"variant {kind}", base)
    draw.shuffle(planted)
    return planted[:rows]


def _name(draw: random.Random, syllables: int) -> str:
    return "".join(
        draw.choice("bdfgklmnprstvz") + draw.choice("aeiou") for _ in range(syllables)
    ).title() + draw.choice(["", "n", "x", "r", "s"])


def _product(draw: random.Random, brands: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The fixed parts of a title, and the values in which variants differ."""
    parts = [draw.choice(brands), *draw.sample(TRAITS, draw.choice((0, 1, 1, 2, 3))), draw.choice(NOUNS)]
    if draw.random() < 0.6:
        parts.insert(1, _name(draw, 3))
    if draw.random() < 0.4:
        parts.append(f"{draw.choice('ABDGHKMRSTX')}{draw.choice('ABCDEFX')}{draw.randrange(10, 1000)}")
    kinds = draw.sample([*VALUES], draw.choice((0, 1, 1, 2)))
    return parts, {kind: draw.choice(VALUES[kind]) for kind in kinds}


def _disguise(draw: random.Random, parts: list[str], kind: str) -> str:
    title = " ".join(parts)
    if kind == "format":
        ways = [title.upper(), title.replace(" ", "&nbsp;"), title.replace(" ", "  ") + " !", f"<b>{title}</b>",
                html.escape(title).replace(" ", "\u00a0"), ", ".join(parts)]  # fmt: skip
        return draw.choice(ways)
    if kind == "noise":
        return draw.choice(SHOUTS).format(title)
    if kind == "order":
        cut = draw.randrange(1, len(parts))
        return " ".join(parts[cut:] + parts[:cut])
    if kind == "typo":
        words = title.split()
        at = draw.choice([k for k, word in enumerate(words) if word.isalpha() and len(word) > 3])
        word, k = words[at], draw.randrange(1, len(words[at]) - 1)
        missing, twice, wrong = (
            word[:k] + word[k + 1 :],
            word[:k] + word[k] + word[k:],
            word[:k] + "ye"[word[k] == "y"] + word[k + 1 :],
        )
        words[at] = draw.choice([missing, twice, wrong])
        return " ".join(words)
    return title


def write(titles: Sequence[Title], path: Path) -> None:
    """Write what the tools see: one JSON object a line, `id` and `text`."""
    path.write_text(
        "".join(json.dumps({"id": t.id, "text": t.text}, ensure_ascii=False) + "\n" for t in titles), "utf-8"
    )


def judge(titles: Sequence[Title], removed: dict[str, str]) -> dict[str, float]:
    """Judge what a tool removed, row by row, whichever row of a product it kept.

    Of a product with n rows, n - 1 should go; a removal beyond that loses the product, and is wrong.

    Args:
        titles: All rows.
        removed: The cluster of each removed row, "" where the tool does not say.

    Returns:
        precision, recall, f1; the share found of each kind of copy (it or its original went, and some row of the
        product stays); the share of variants merged (it went, or its original's product was lost); the largest cluster.
    """
    rows: dict[int, list[Title]] = defaultdict(list)
    for title in titles:
        rows[title.product].append(title)
    gone = {product: sum(t.id in removed for t in group) for product, group in rows.items()}
    right = sum(min(gone[product], len(group) - 1) for product, group in rows.items())
    wanted = sum(len(group) - 1 for group in rows.values())
    precision, recall = right / max(1, len(removed)), right / max(1, wanted)
    lost = {product for product, group in rows.items() if gone[product] == len(group)}
    product_of = {t.id: t.product for t in titles}
    kinds: dict[str, list[bool]] = defaultdict(list)
    for t in titles:
        if t.of in product_of:
            kind = t.kind.split()[0]
            if kind == "variant":
                kinds[kind].append(t.product in lost or product_of[t.of] in lost)
            else:
                kinds[kind].append((t.id in removed or t.of in removed) and t.product not in lost)
    largest = max(Counter(c for c in removed.values() if c).values(), default=0)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        **{kind: sum(found) / len(found) for kind, found in sorted(kinds.items())},
        "largest": largest + 1 if largest else 0,
    }
