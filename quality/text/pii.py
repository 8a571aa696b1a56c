"""Personal data in texts: e-mail addresses, telephone numbers, bank accounts, payment cards, national numbers.

Each kind is a rule like those that clean titles. A catalog is full of numbers that are nobody's, so a number counts
only where its check digits agree or where it is written as no article number is; one with the check digit of a GTIN
never does. What is missed is what is written like any other number.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from itertools import pairwise

import pyarrow as pa

from ..duplicates.gtin import gtin
from .characters import matches, rewrite

# Lengths of IBANs (SWIFT, IBAN registry).
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FO FI GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "HR LV LI CH",
        22: "BH BG CR GE DE IE ME RS GB VA", 23: "TL GI IL AE", 24: "AD CZ MD PK RO SA SK ES SE TN", 25: "PT",
        26: "IS TR", 27: "FR GR IT MC SM", 28: "AL AZ CY DO GT HU LB PL", 29: "BR PS QA UA", 30: "JO KW MU", 31: "MT",
    }.items()
    for country in countries.split()
}  # fmt: skip
_LATIN = r"whats\s?app|wa|telp?|telephone|telepon|telefono?|tlf|tél|call|sms|hotline|hubungi|zalo|viber|telegram"
_OTHER = "电话|手机号|微信|電話|전화|โทร"  # what stands before a number
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[^\W_](?:[\w-]{0,62})(?:\.[^\W_][\w-]{0,62}){1,8}(?![\w@])")
_PHONES = re.compile(
    rf"""
    (?: (?<!\w) (?:{_LATIN}) | {_OTHER} ) (?:\ ?(?:no|nr)\b)? [\s:.;/=-]{{0,3}}
      (?P<called> \+?\(?\d [\d\s()./-]{{5,18}} \d) (?!\w)
    | (?<![\w+.,/-]) 00[1-9]\d{{0,2}} [\s.-] \(?\d{{1,4}}\)? (?:[\s.-]?\d{{2,4}}){{2,4}} (?!\w)
    | (?<![\w+]) \+ [1-9]\d{{0,2}} [\s.-]? \(?\d{{1,4}}\)? (?:[\s.-]?\d{{2,4}}){{2,4}} (?!\w)
    | (?<![\w(]) (?:\+?1[\s.-]?)? \([2-9]\d\d\) \s? [2-9]\d\d [-.\s] \d{{4}} (?![\w-])  # (212) 555-0123
    | (?<![\w.,/-]) (?:1[-.])? [2-9]\d\d - [2-9]\d\d - \d{{4}} (?![\w-])  # United States, Canada
    | (?<![\w.,/-]) 0 \s? 8[1-9]\d [\s.-]? \d{{3,4}} [\s.-]? \d{{3,5}} (?![\w-])  # Indonesia, mobile
    | (?<![\w.,/-]) 01\d - \d{{3,4}} [\s-] \d{{4}} (?![\w-])  # Korea, Malaysia, mobile
    | (?<![\w.,/-]) 010 \d{{8}} (?![\w-])
    | (?<![\w.,/-]) 0(?:2|[3-6]\d) - \d{{3,4}} - \d{{4}} (?![\w-])  # Korea
    | (?<![\w.,/-]) (?:0[789]0-\d{{4}}-\d{{4}} | 0120-\d{{3}}-\d{{3}}) (?![\w-])  # Japan
    | (?<![\w.,/-]) 1[3-9]\d [\s-]? \d{{4}} [\s-]? \d{{4}} (?![\w-])  # China, mobile
    | (?<![\w.,/-]) 0[689]\d - \d{{3}} - \d{{4}} (?![\w-])  # Thailand, mobile
    | (?<![\w.,/-]) 07\d{{3}} \s? \d{{6}} (?![\w-])  # United Kingdom, mobile
    | (?<![\w.,/-]) 01[567]\d [\s/-] \d{{7,8}} (?![\w-])  # Germany, mobile
    | (?<![\w.,/-]) 0[67] (?:[\ .]\d\d){{4}} (?![\w.-])  # France, mobile
    | (?<![\w(]) \(\d\d\) \s? 9?\d{{4}} - \d{{4}} (?![\w-])  # Brazil
    | (?<![\w.,/-]) 05\d\d \s \d{{3}} \s \d\d \s? \d\d (?![\w-])  # Turkey, mobile
    """,
    re.VERBOSE | re.IGNORECASE,
)
_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}\d\d(?:\ ?[A-Z0-9]){11,30}")
_CARD = re.compile(r"(?<![\w.,/-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -]?)\d{6}\2\d{5})(?![\w-])")
_NATIONAL = re.compile(
    r"(?<![\w.,/-])(?:(?P<rrn>\d{6}-[1-4]\d{6})|(?P<china>[1-9]\d{5}(?:19|20)\d{9}[\dXx])"
    r"|(?P<cpf>\d{3}\.\d{3}\.\d{3}-\d\d)|(?P<aadhaar>[2-9]\d{3} \d{4} \d{4})"
    r"|(?P<fiscale>[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]))(?![\w-])"
)


# What each telephone number shows at its beginning: cheap to look for.
PHONE_SIGNS = (
    rf"[+(]\d[\d\s().-]{{6}}|(?:^|[^\w.,/-])(?:0\s?\d[\d\s./-]{{7}}|1[3-9]\d[\s-]?\d{{4}}[\s-]?\d{{4}}|[2-9]\d\d-[2-9]\d\d-\d)"
    rf"|(?:\b(?i:{_LATIN})|{_OTHER})(?: ?(?i:no|nr))?[\s:.;/=-]{{0,3}}\+?\(?\d"
)


def without_emails(text: str, mark: str) -> str:
    """Replace e-mail addresses in a text."""
    return _EMAIL.sub(mark, text)


def without_phones(text: str, mark: str) -> str:
    """Replace telephone numbers in a text."""
    return _PHONES.sub(lambda found: mark if _phone(found) else found.group(), text)


def _phone(found: re.Match[str]) -> bool:
    """Say whether a match is a telephone number: 7 to 15 digits (ITU-T E.164) that are no GTIN and count nothing up."""
    number = found["called"] or found.group()
    digits = re.sub(r"\D", "", number)
    if not 7 <= len(digits) <= 15 or (found["called"] is None and "+" in number and len(digits) < 9):
        return False
    pairs = re.findall(r"\d+", number)
    counting = len(pairs) > 3 and len({int(b) - int(a) for a, b in pairwise(pairs)}) == 1
    return not counting and (found["called"] is not None or not number.isdigit() or gtin(number) is None)


def _luhn(found: re.Match[str]) -> bool:
    """Check a card number (ISO/IEC 7812: issuer, then Luhn's check digit)."""
    digits = [int(c) for c in found.group() if c.isdigit()]
    issuer = int("".join(map(str, digits[:4])))
    issued = digits[0] == 4 or 5100 <= issuer < 5600 or 2221 <= issuer <= 2720 or issuer in (6011, 3528, 3589)
    issued |= 6440 <= issuer < 6600 or 6200 <= issuer < 6300 or (len(digits) == 15 and digits[0] == 3)
    doubled = sum(d if place % 2 == 0 else d * 2 - 9 * (d > 4) for place, d in enumerate(reversed(digits)))
    return issued and len(set(digits)) > 1 and doubled % 10 == 0


def _national(found: re.Match[str]) -> bool:
    """Check a national number by its check digits and, where it has one, its date of birth."""
    text = found.group().upper()
    digits = [int(c) for c in text if c.isdigit()]
    kind = found.lastgroup
    if kind == "rrn":  # Korea
        total = sum(d * w for d, w in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False))
        return _date(text[2:4], text[4:6]) and (11 - total % 11) % 10 == digits[12]
    if kind == "china":  # GB 11643
        total = sum(d * pow(2, 17 - place, 11) for place, d in enumerate(digits[:17]))
        return _date(text[10:12], text[12:14]) and "10X98765432"[total % 11] == text[17]
    if kind == "cpf":  # Brazil
        checks = [sum(d * w for d, w in zip(digits, range(n, 1, -1), strict=False)) * 10 % 11 % 10 for n in (10, 11)]
        return len(set(digits)) > 1 and checks == digits[9:]
    if kind == "aadhaar":  # India
        return _verhoeff(digits)
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)  # Italy
    values = [int(c) if c.isdigit() else ord(c) - ord("A") for c in text]
    return sum(value if place % 2 else odd[value] for place, value in enumerate(values[:15])) % 26 == values[15]


def _date(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _verhoeff(digits: list[int]) -> bool:
    """Check a number whose check digit is Verhoeff's (1969): a walk in the dihedral group of ten."""
    turn = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    state = 0
    for place, digit in enumerate(reversed(digits)):
        for _ in range(place % 8):
            digit = turn[digit]
        state = (state + digit) % 5 + 5 * (digit > 4) if state < 5 else (state - digit) % 5 + 5 * (digit < 5)
    return state == 0


def _accounts(text: str, mark: str) -> str:
    """Replace IBANs (ISO 13616: length of the country, remainder 1 by 97)."""

    def replaced(found: re.Match[str]) -> str:
        signs, written = found.group(), 0
        length = _IBAN_LENGTHS.get(signs[:2], 0)
        for end, sign in enumerate(signs, 1):
            written += sign != " "
            if written == length:
                plain = signs[:end].replace(" ", "")
                apart = end == len(signs) or signs[end] == " "
                if apart and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1:
                    return mark + signs[end:]
        return signs

    return _IBAN.sub(replaced, text)


def _replaced(pattern: re.Pattern[str], judge: Callable[[re.Match[str]], bool], mark: str) -> Callable[[str], str]:
    return lambda text: pattern.sub(lambda found: mark if judge(found) else found.group(), text)


def emails(texts: pa.Array, mark: str = "[e-mail]") -> pa.Array:
    """Replace e-mail addresses.

    >>> emails(pa.array(["write to shop.one@example.co.id now"])).to_pylist()
    ['write to [e-mail] now']
    """
    return rewrite(texts, lambda column: matches(column, "@"), lambda text: without_emails(text, mark))


def phones(texts: pa.Array, mark: str = "[phone]") -> pa.Array:
    """Replace telephone numbers.

    >>> phones(pa.array(["WA 0812-3456-7890, Levi's 501 0193, EAN 4006381333931"])).to_pylist()
    ["[phone], Levi's 501 0193, EAN 4006381333931"]
    """
    return rewrite(texts, lambda column: matches(column, PHONE_SIGNS), lambda text: without_phones(text, mark))


def ibans(texts: pa.Array, mark: str = "[IBAN]") -> pa.Array:
    """Replace bank account numbers.

    >>> ibans(pa.array(["DE89 3704 0044 0532 0130 00 RED"])).to_pylist()
    ['[IBAN] RED']
    """
    signs = r"[A-Z]{2}\d\d ?[A-Z0-9]"
    return rewrite(texts, lambda column: matches(column, signs), lambda text: _accounts(text, mark))


def cards(texts: pa.Array, mark: str = "[card]") -> pa.Array:
    """Replace payment card numbers.

    >>> cards(pa.array(["4111 1111 1111 1111 and 4111 1111 1111 1112"])).to_pylist()
    ['[card] and 4111 1111 1111 1112']
    """
    signs = r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3}|3\d{3}[ -]?\d{6}[ -]?\d{5}"
    return rewrite(texts, lambda column: matches(column, signs), _replaced(_CARD, _luhn, mark))


def national_numbers(texts: pa.Array, mark: str = "[id]") -> pa.Array:
    """Replace national numbers of persons: Korea, China, Brazil, India, Italy.

    >>> national_numbers(pa.array(["CPF 529.982.247-25"])).to_pylist()
    ['CPF [id]']
    """
    signs = r"\d{6}-\d{7}|\d{17}[\dXx]|\d{3}\.\d{3}\.\d{3}-|\d{4} \d{4} \d{4}|[A-Z]{6}\d\d[A-Z]\d\d"
    return rewrite(texts, lambda column: matches(column, signs), _replaced(_NATIONAL, _national, mark))


# In order: an IBAN or a card number is no telephone number.
KINDS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "emails": emails,
    "ibans": ibans,
    "cards": cards,
    "national_numbers": national_numbers,
    "phones": phones,
}


def redact(texts: pa.Array) -> pa.Array:
    """Replace all personal data by the name of its kind; nulls stay.

    >>> redact(pa.array(["a@example.com, +49 221 1234567", "RTX 3060 12GB 1024 x 768", None])).to_pylist()
    ['[e-mail], [phone]', 'RTX 3060 12GB 1024 x 768', None]
    """
    return functools.reduce(lambda done, kind: kind(done), KINDS.values(), texts)
