"""Words in four languages, for colours, patterns, materials, sizes and adjectives; made-up brand names."""

from __future__ import annotations

import random
from dataclasses import dataclass

LANGUAGES = {"en": 45, "de": 25, "fr": 15, "ko": 15}  # per cent of the listings
GENDERS = "mfMF"  # masculine, feminine, and their plurals: French colours agree with the noun


@dataclass(frozen=True)
class Colour:
    """A colour: what the camera sees and what sellers call it."""

    rgb: tuple[int, int, int]
    en: str
    de: str
    fr: tuple[str, ...]  # one for each of GENDERS
    ko: str  # the loan word, which shops prefer


def _colour(rgb: tuple[int, int, int], en: str, de: str, fr: str, ko: str) -> Colour:
    return Colour(rgb, en, de, tuple(fr.split()), ko)


COLOURS = {
    "red": _colour((198, 38, 44), "Red", "Rot", "rouge rouge rouges rouges", "레드"),
    "blue": _colour((38, 84, 188), "Blue", "Blau", "bleu bleue bleus bleues", "블루"),
    "green": _colour((44, 138, 72), "Green", "Grün", "vert verte verts vertes", "그린"),
    "yellow": _colour((234, 200, 52), "Yellow", "Gelb", "jaune jaune jaunes jaunes", "옐로우"),
    "black": _colour((40, 40, 44), "Black", "Schwarz", "noir noire noirs noires", "블랙"),
    "white": _colour((240, 239, 234), "White", "Weiß", "blanc blanche blancs blanches", "화이트"),
    "pink": _colour((236, 134, 172), "Pink", "Rosa", "rose rose roses roses", "핑크"),
    "purple": _colour((120, 62, 160), "Purple", "Lila", "violet violette violets violettes", "퍼플"),
    "orange": _colour((236, 126, 38), "Orange", "Orange", "orange orange orange orange", "오렌지"),
    "brown": _colour((122, 78, 46), "Brown", "Braun", "marron marron marron marron", "브라운"),
}

PATTERNS = {
    "plain": {"en": "Plain", "de": "Einfarbig", "fr": "uni", "ko": "무지"},
    "striped": {"en": "Striped", "de": "Gestreift", "fr": "à rayures", "ko": "스트라이프"},
    "dotted": {"en": "Polka Dot", "de": "Gepunktet", "fr": "à pois", "ko": "도트"},
    "checked": {"en": "Checked", "de": "Kariert", "fr": "à carreaux", "ko": "체크"},
    "zigzag": {"en": "Zigzag", "de": "Zickzack", "fr": "à chevrons", "ko": "지그재그"},
}
PLAIN_FR = ("uni", "unie", "unis", "unies")  # one for each of GENDERS
PATTERN_WEIGHTS = (40, 18, 16, 16, 10)

MATERIALS = {
    "ceramic": {"en": "Ceramic", "de": "Keramik", "fr": "céramique", "ko": "세라믹"},
    "glass": {"en": "Glass", "de": "Glas", "fr": "verre", "ko": "유리"},
    "metal": {"en": "Metal", "de": "Metall", "fr": "métal", "ko": "메탈"},
    "wood": {"en": "Wood", "de": "Holz", "fr": "bois", "ko": "원목"},
    "cotton": {"en": "Cotton", "de": "Baumwolle", "fr": "coton", "ko": "면"},
    "canvas": {"en": "Canvas", "de": "Canvas", "fr": "toile", "ko": "캔버스"},
    "wool": {"en": "Wool", "de": "Wolle", "fr": "laine", "ko": "울"},
    "leather": {"en": "Leather", "de": "Leder", "fr": "cuir", "ko": "가죽"},
    "plastic": {"en": "Plastic", "de": "Kunststoff", "fr": "plastique", "ko": "플라스틱"},
    "paper": {"en": "Paper", "de": "Papier", "fr": "papier", "ko": "종이"},
}

# Sizes are shared by all departments: were "XL" only on clothes, the size alone would give the category away.
SIZES = {
    "letter": ("S", "M", "L", "XL"),
    "cm": ("20 cm", "25 cm", "30 cm", "40 cm", "50 cm"),
    "ml": ("250 ml", "300 ml", "500 ml", "750 ml"),
    "pcs": ("2 pcs", "3 pcs", "4 pcs", "6 pcs"),
}
# Two ways to say it; {} is the letter or the number.
SIZE_WORDS = {
    "en": {"letter": ("Size {}", "{}"), "pcs": ("Set of {}", "{}-Pack")},
    "de": {"letter": ("Größe {}", "Gr. {}"), "pcs": ("{}er-Set", "{} Stück")},
    "fr": {"letter": ("taille {}", "{}"), "pcs": ("lot de {}", "{} pièces")},
    "ko": {"letter": ("{} 사이즈", "{}"), "pcs": ("{}개 세트", "{}개입")},
}

# German and French ones that stay as they are beside any noun, but for the French plural in -es.
ADJECTIVES = {
    "en": (
        "Classic Modern Premium Vintage Everyday Compact Elegant Rustic Deluxe Essential Sturdy Retro "
        "Handmade Minimalist Stylish Cosy"
    ),
    "de": (
        "Klassik Modern Premium Vintage Retro Design Deluxe Basic Kompakt Komfort Landhaus Trend "
        "Exklusiv Profi Alltag Natur"
    ),
    "fr": (
        "classique moderne premium vintage rétro design chic pratique robuste authentique durable "
        "tendance solide unique déco confort"
    ),
    "ko": ("클래식 모던 프리미엄 빈티지 데일리 컴팩트 고급 심플 감성 베이직 미니멀 레트로 북유럽풍 수제 트렌디 유니크"),
}
ADJECTIVE_LISTS = {language: tuple(words.split()) for language, words in ADJECTIVES.items()}
FRENCH_INVARIABLE = ("vintage", "tendance")

# What sellers write where they leave the kind of product out.
FILLERS = {
    "en": ("Item", "New Arrival", "Bestseller", "Top Pick"),
    "de": ("Artikel", "Neuheit", "Bestseller", "Lieblingsstück"),
    "fr": ("Article", "Nouveauté", "Coup de cœur", "Incontournable"),
    "ko": ("신상품", "인기 상품", "베스트", "추천 상품"),
}

HEADS = (
    "al ash bel bex bran caz cor dal dru el ev fen fi gal glen gri hal hux il jas jor kel kest kyn lor "
    "lum mar mir nim nor ol osk pal pry quin rav ros sel sib sor stel tar tav tor ul umb vel vox wen wyn xan "
    "yar zel zif"
)
MIDDLES = "a e i o an en in am er ar is or"
TAILS = (
    "ando aro berg by da dale elis ell eon este ette ham holm ivo ixa ka la lin mark mo na nik odo orn ra "
    "ric ro ska stad ta ula ume va vik wick xa ynn yo zen"
)


def invent_names(count: int, seed: str) -> list[str]:
    """Invent distinct names, syllable by syllable: of two or three, of three once the short ones run out."""
    rng = random.Random(seed)
    heads, middles, tails = HEADS.split(), MIDDLES.split(), TAILS.split()
    names: dict[str, None] = {}  # keeps its order, unlike a set
    while len(names) < count:
        middle = rng.choice(middles) if len(names) > 600 or rng.random() < 0.25 else ""
        names[(rng.choice(heads) + middle + rng.choice(tails)).capitalize()] = None
    return list(names)
