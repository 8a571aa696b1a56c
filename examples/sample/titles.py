"""Titles and descriptions: what a seller says of a product, and what is left out."""

from __future__ import annotations

import html
import random
from dataclasses import dataclass

from .products import Product
from .sellers import Seller
from .traits import say_trait
from .tree import KINDS
from .vocabulary import (
    ADJECTIVE_LISTS,
    COLOURS,
    FILLERS,
    FRENCH_INVARIABLE,
    GENDERS,
    MATERIALS,
    PATTERNS,
    PLAIN_FR,
    SIZE_WORDS,
)

# Orders of words that are natural in the language; a seller has one, and leaves it now and then.
ORDERS = {
    "en": (
        "brand series model adjective colour pattern material kind size",
        "adjective colour pattern material kind brand series model size",
        "brand kind series model adjective colour pattern material size",
        "kind brand series model material colour pattern size adjective",
    ),
    "de": (
        "brand series model kind adjective material colour pattern size",
        "kind brand series model adjective colour pattern material size",
        "brand kind series model colour pattern size material adjective",
    ),
    "fr": (
        "kind adjective colour pattern material brand series model size",
        "brand series model kind adjective colour pattern material size",
        "kind brand series model colour pattern size material adjective",
    ),
    "ko": (
        "brand series model adjective colour pattern material kind size",
        "brand kind series model adjective material colour pattern size",
        "adjective material kind brand series model colour pattern size",
    ),
}
# How often a title says it: the gaps make photo and text complete each other.
SAID = {
    "brand": 0.93, "series": 0.5, "model": 0.45, "adjective": 0.35, "colour": 0.7, "pattern": 0.65,
    "material": 0.25, "kind": 0.88, "size": 0.6,
}  # fmt: skip
SAID_PLAIN = 0.2  # nobody praises the absence of a pattern
CHANGED_SLOT = {"colour": "colour", "size": "size", "pack": "size", "model": "model", "material": "material"}

PREFIXES = {
    "en": ("[HOT SALE]", "NEW!", "*Best Price*"),
    "de": ("SONDERPREIS", "*NEU*", "[TOP ANGEBOT]"),
    "fr": ("PROMO !", "[NOUVEAU]", "*Soldes*"),
    "ko": ("[무료배송]", "★특가★", "[당일발송]"),
}
SUFFIXES = {
    "en": "- Free Shipping",
    "de": "- Versandkostenfrei",
    "fr": "- Livraison gratuite",
    "ko": "- 무료배송",
}
DETAILS = {
    "en": ("{kind} by {brand} in {colour}", "Material: {material}", "Size: {size}", "Ships within 3 days"),
    "de": (
        "{kind} von {brand} in {colour}",
        "Material: {material}",
        "Größe: {size}",
        "Lieferung in 3 Tagen",
    ),
    "fr": (
        "{kind} {brand}, couleur {colour}",
        "Matière : {material}",
        "Taille : {size}",
        "Expédié sous 3 jours",
    ),
    "ko": ("{brand} {kind}, 색상: {colour}", "소재: {material}", "사이즈: {size}", "3일 이내에 발송됩니다"),
}
QUESTIONS = {"en": "Questions?", "de": "Fragen?", "fr": "Des questions ?", "ko": "문의:"}


@dataclass(frozen=True)
class Wording:
    """How one title is put: enough to write it again for a variant, word for word but for what differs."""

    language: str
    order: tuple[str, ...]
    said: frozenset[str]
    form: int  # 0 or 1: which of two synonyms and ways to write a size
    adjective: int
    filler: int
    brackets: bool
    habit: str
    prefix: int


def draw_wording(
    rng: random.Random,
    seller: Seller,
    product: Product,
    must_say: frozenset[str] = frozenset(),
    plain: bool = False,
) -> Wording:
    """Draw how a seller words a title; `must_say` is not left out, `plain` means without bad habits."""
    language = seller.language
    if rng.random() < 0.05:
        language = rng.choice([lang for lang in ORDERS if lang != language])
    orders = ORDERS[language]
    order = orders[seller.order % len(orders) if rng.random() < 0.8 else rng.randrange(len(orders))]
    shares = dict(SAID, pattern=SAID_PLAIN) if product.pattern == "plain" else SAID
    said = {slot for slot, share in shares.items() if rng.random() < share} | must_say
    kind = KINDS[product.kind]
    if kind.adult:
        said.add("kind")  # the words alone tell these
    if kind.shape == "bottle" or kind.adult:
        said.discard("material")  # it is the package's
    if "kind" not in said:
        said |= {"brand", "series", "model"}  # otherwise nothing of the product would be left
    absent = {slot for slot in ("series", "model") if not getattr(product, slot)}
    if len(said - absent) < 4:
        said |= {"colour", "size"}  # shorter titles are found on few shops
    return Wording(
        language=language,
        order=tuple(order.split()),
        said=frozenset(said),
        form=int(rng.random() < 0.25),
        adjective=int(len(ADJECTIVE_LISTS[language]) * rng.random() ** 3),  # a few are in fashion
        filler=rng.randrange(len(FILLERS[language])),
        brackets=seller.brackets and rng.random() < 0.7,
        habit="" if plain else seller.habit(rng),
        prefix=rng.randrange(3),
    )


def parts(product: Product, wording: Wording) -> list[str]:
    """Give the parts of a title in order: a part is a word, or words that stay together."""
    said = {slot: _say(slot, product, wording) for slot in wording.order if slot in wording.said or slot == "kind"}
    trait = say_trait(product.trait, wording.language)
    return [said[slot] for slot in wording.order if said.get(slot)] + ([trait] if trait else [])


def write_title(product: Product, wording: Wording, seller: Seller) -> str:
    """Write the title, spoiled by the seller's habit where the wording has one."""
    words = parts(product, wording)
    title = " ".join(words)
    match wording.habit:
        case "prefix":
            return f"{PREFIXES[wording.language][wording.prefix]} {title}"
        case "suffix":
            return f"{title} {SUFFIXES[wording.language]}"
        case "shop":
            return f"{title} | {seller.name}"
        case "shout":
            return title.upper()
        case "emoji":
            return f"{'🔥✨💥'[wording.prefix]} {title}"
        case "spaces":
            return "  ".join(words) + " "
        case "entities":
            return html.escape(title).replace(" ", "&nbsp;", 2)
        case "repeat":
            return f"{title} {words[0]} {words[-1]}"
        case "mojibake":
            try:
                return title.encode().decode("cp1252")
            except UnicodeDecodeError:  # cp1252 has holes
                return title
    return title


def write_details(rng: random.Random, product: Product, wording: Wording, seller: Seller) -> str:
    """Write the description, empty for some listings."""
    if rng.random() < 0.2:
        return ""
    language = wording.language
    values = {
        "kind": KINDS[product.kind].words[language][1 - wording.form],
        "brand": product.brand,
        "colour": _say("colour", product, wording, label=True),
        "material": MATERIALS[product.material][language],
        "size": product.size,
    }
    sentences = [template.format(**values) for template in DETAILS[language]]
    if seller.contact:
        sentences.append(f"{QUESTIONS[language]} service@shop-{len(seller.name)}.example, +1 555 0100")
    if seller.html:
        items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences[1:])
        return f"<p>{html.escape(sentences[0])}</p><ul>{items}</ul>"
    return ("\n" if rng.random() < 0.1 else ". ").join(sentences)


def _say(slot: str, product: Product, wording: Wording, label: bool = False) -> str:
    language, form = wording.language, wording.form
    kind = KINDS[product.kind]
    gender = GENDERS.index(kind.genders[form] if "kind" in wording.said and not label else "m")
    match slot:
        case "brand" | "series" | "model":
            return str(getattr(product, slot))
        case "kind":
            return kind.words[language][form] if "kind" in wording.said else FILLERS[language][wording.filler]
        case "adjective":
            adjective = ADJECTIVE_LISTS[language][wording.adjective]
            agrees = language == "fr" and gender >= 2 and adjective.endswith("e") and adjective not in FRENCH_INVARIABLE
            return adjective + "s" if agrees else adjective
        case "colour":
            colour = COLOURS[product.colour]
            word = {"en": colour.en, "de": colour.de, "fr": colour.fr[gender], "ko": colour.ko}[language]
            return f"({word})" if wording.brackets and not label else word
        case "pattern":
            plain = language == "fr" and product.pattern == "plain"
            return PLAIN_FR[gender] if plain else PATTERNS[product.pattern][language]
        case "material":
            material = MATERIALS[product.material][language]
            return f"en {material}" if language == "fr" else material
    return _say_size(product.size, language, form)


def _say_size(size: str, language: str, form: int) -> str:
    number, _, unit = size.partition(" ")
    if unit in ("cm", "ml"):
        return size if form else f"{number}{unit}"
    return SIZE_WORDS[language]["pcs" if unit else "letter"][form].format(number)
