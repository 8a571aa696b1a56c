"""Traits: what tells variants of a hard catalog apart, in the words of the title alone."""

from __future__ import annotations

# Trait | value: en, de, fr, ko; …  An empty value is the one that nobody writes: the plain edition, the new one.
TABLE = """
audience | men: for Men, Herren, Homme, 남성용; women: for Women, Damen, Femme, 여성용; kids: for Kids, Kinder, Enfant, 아동용
condition | new: ; used: Refurbished, Generalüberholt, Reconditionné, 리퍼
edition | plain: ; pro: Pro, Pro, Pro, 프로; max: Pro Max, Pro Max, Pro Max, 프로 맥스; mini: Mini, Mini, Mini, 미니
side | left: Left, Links, Gauche, 왼쪽; right: Right, Rechts, Droite, 오른쪽
scent | lemon: Lemon, Zitrone, Citron, 레몬; lavender: Lavender, Lavendel, Lavande, 라벤더; vanilla: Vanilla, Vanille, Vanille, 바닐라; mint: Peppermint, Pfefferminz, Menthe, 페퍼민트
generation | two: 2nd Gen, 2. Generation, 2e génération, 2세대; three: 3rd Gen, 3. Generation, 3e génération, 3세대; four: 4th Gen, 4. Generation, 4e génération, 4세대
lid | with: with Lid, mit Deckel, avec couvercle, 뚜껑 있음; without: without Lid, ohne Deckel, sans couvercle, 뚜껑 없음
bundle | one: ; three: Set of 3, 3er-Set, lot de 3, 3개 세트; six: Set of 6, 6er-Set, lot de 6, 6개 세트
year | one: 2023, 2023, 2023, 2023년형; two: 2024, 2024, 2024, 2024년형; three: 2025, 2025, 2025, 2025년형
"""


def _read(line: str) -> tuple[str, dict[str, dict[str, str]]]:
    name, values = line.split(" | ")
    found = {}
    for value in values.split("; "):
        word, _, texts = value.partition(":")
        said = [text.strip() for text in texts.split(",")] if texts.strip() else [""] * 4
        found[word] = dict(zip(("en", "de", "fr", "ko"), said, strict=True))
    return name, found


TRAITS = dict(_read(line) for line in TABLE.strip().split("\n"))


def say_trait(trait: str, language: str) -> str:
    """Give the words for a trait, such as "scent lemon"; "" for none and for what goes without saying.

    >>> say_trait("scent lemon", "de"), say_trait("condition new", "en"), say_trait("", "en")
    ('Zitrone', '', '')
    """
    if not trait:
        return ""
    name, value = trait.split()
    return TRAITS[name][value][language]
