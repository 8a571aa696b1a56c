"""Personal data in texts: e-mail addresses, names on messengers, telephone numbers, bank accounts, cards, national ids.

Each kind is a rule like those that clean titles. A catalog is full of numbers that are nobody's, so a number counts
only where its check digits agree or where it is written as no article number is; one with the check digit of a GTIN
never does. What is missed is what is written like any other number.

Covered are e-mail addresses, also spelled "anna (at) example (dot) com"; links to WhatsApp, Telegram, Messenger,
Line, Signal, Viber, Zalo and Skype; names with "@" behind Telegram, Instagram, WeChat, Snapchat, TikTok,
KakaoTalk, Line, Viber, Facebook or Twitter, or behind the colon of the first few where a digit, dot or low line is
in them, WeChat ids with a digit behind 微信; IBANs, payment cards; national ids of Korea, China, Brazil, India and
Italy by check digits, a social security number of the United States behind "SSN"; telephone numbers with + or 00
and a calling code, behind a word or picture for telephones (Tel, WA, ☎, 电话), before "whatsapp" or "anrufen", and
as they are written at home: mobiles of Indonesia, Korea, Malaysia, China, Thailand, Britain, Germany, France,
Turkey and Russia, and numbers of the United States, Canada, Korea, Japan and Brazil with their brackets or
hyphens.

Not covered are landlines without + or such a word (030 1234567), numbers of other countries written as at home, names
of persons, street addresses, names on platforms that stand alone or are plain words (insta: bobshop, line: bob), dates
of birth, passports, tax and driving licence numbers, and telephone numbers spelled in words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from itertools import pairwise

import pyarrow as pa

from ..duplicates.gtin import gtin
from .characters import matches, rewrite
from .iban import without_ibans

# Calling codes (ITU-T E.164, list of 2016) of one digit, of two, and the first two digits of those of three.
_CALLING = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-69]\d|3[578]\d|42\d|5[09]\d|6[789]\d|8[0578]\d|9[679]\d"
)
# What is measured is no number to call: "+30 300 2000 ml".
_UNIT = (
    r"(?:[mcd]?l|k?g|gr|m[cg]g?|iu|[cmk]?m|k?w|watts?|m?ah|[km]?v|wh|[kmg]?hz|[kmgt]b|pcs?|pieces?|stk|st[üu]ck|tab(?:let)?s?"
    r"|caps?(?:ules?)?|lm|lumens?|oz|lbs?|inch|rpm|psi|bar|dpi|px)(?![^\W\d_])|[%°×\"″]"
)
_LATIN = (
    r"whats\s?app|wa(?:[.\s]me)?|telp?|telephone|telepon|telefono?|tlf|tél|call|sms|hotline|hubungi|zalo|viber|telegram"
)
_OTHER = "电话|手机号|微信|電話|전화|โทร|[☎☏📞📱✆]"  # what stands before a number
_BEHIND = r"whats\s?app|anrufen|viber|telegram|zalo"  # what stands behind one
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[^\W_](?:[\w-]{0,62})(?:\.[^\W_][\w-]{0,62}){1,8}(?![\w@])")
# "anna (at) example (dot) com", and without brackets where "dot" stands before what ends an address.
_DOT = r"(?:\.|\s?[(\[{<]\s?(?:dot|punkt|punto|point|titik|\.)\s?[)\]}>]\s?|\sdot\s)"
_SPELLED = re.compile(
    rf"""
    (?<![\w.+-]) [\w.+-]{{1,64}} \s?
    (?: [(\[{{<] \s? (?:at|ät|arroba|@) \s? [)\]}}>] \s? [^\W_] [\w-]{{0,62}} (?: {_DOT} [^\W_] [\w-]{{1,62}} ){{1,8}}
      | (?: @ \s? | \sat\s ) [^\W_] [\w-]{{0,62}} \s? (?: [(\[{{<] \s? dot \s? [)\]}}>] | \bdot\b ) \s?
          (?: com?|net|org|info|shop|store|biz|eu|de|fr|es|it|nl|pl|id|in|uk|my|ph|th|vn|cn|kr|jp|br|ru )
          (?: {_DOT} [^\W\d_]{{2}} )?
    ) (?![\w@])
    """,
    re.VERBOSE | re.IGNORECASE,
)
# A name on a messenger, behind the messenger's: with "@", or with a sign that no word of a language has.
_NAMES = (
    r"(?<![^\W_])(?:telegram|tg|insta(?:gram)?|ig|wechat|snapchat|snap|tik\s?tok|kakao(?:talk)?|line|viber|facebook|fb|twitter)"
    r"(?:\s?id)?[\s:：]{0,3}@[a-z][\w.]{2,29}"
    r"|(?<![^\W_])(?:telegram|insta(?:gram)?|wechat|snapchat|kakao(?:talk)?|line\s?id)(?:\s?id)?\s?[:：]\s?"
    r"(?=[a-z][a-z]*[._\d])[a-z][\w.]{3,28}[^\W]"
    r"|(?:微信|薇信|加微)号?[\s:：]{0,3}[a-z](?=[a-z_-]*[\d_-])[a-z\d_-]{5,19}(?![a-z\d_-])"
)
# Links that lead to one person, most often by the number of a telephone.
_MESSENGER = re.compile(
    r"(?<![\w.@-])(?:https?://)?(?:(?:wa|t|m|line|telegram|signal|viber)\.me|(?:api|chat|web|www)\.whatsapp\.com|whatsapp\.com)"
    r"\s?/\s?[^\s<>()\[\]\"'|,;]{2,}"
    rf"|\b(?:whatsapp|tg|viber|skype|line|zalo)://[^\s<>()\[\]\"'|,;]{{2,}}|{_NAMES}",
    re.IGNORECASE,
)
_PHONES = re.compile(
    rf"""
    (?: (?<!\w) (?:{_LATIN}) | {_OTHER} ) \ufe0f? (?:\ ?(?:no|nr)\b)? [\s:.;/=-]{{0,3}}
      (?P<called> \+?\(?\d [\d\s()./-]{{5,18}} \d) (?!\w)
    | (?<![\w+.,/-]) (?P<behind> 0\d{{1,4}} [\s/-] \d{{3,}} (?:[\s-]\d{{2,}}){{0,3}}) (?=[\s,;:]{{0,3}}(?:{_BEHIND})\b)
    | (?<![\w+.,/-]) [78] [\s-]? \([3489]\d\d\) \s? \d{{3}} [\s-]? \d\d [\s-]? \d\d (?![\w-])  # Russia
    | (?<![\w+.,/-]) 8 [\s-] 9\d\d [\s-] \d{{3}} [\s-] \d\d [\s-] \d\d (?![\w-])  # Russia, mobile
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
    | (?<![\w.,/-]) 01(?:5[0-9]|6[023]|7[0-9]) [\s/-]? \d{{7,8}} (?![\w-])  # Germany, mobile
    | (?<![\w.,/-]) 0[67] (?:[\ .]\d\d){{4}} (?![\w.-])  # France, mobile
    | (?<![\w(]) \(\d\d\) \s? 9?\d{{4}} - \d{{4}} (?![\w-])  # Brazil
    | (?<![\w.,/-]) 05\d\d \s \d{{3}} \s \d\d \s? \d\d (?![\w-])  # Turkey, mobile
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\w.,/-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -]?)\d{6}\2\d{5})(?![\w-])")
_NATIONAL = re.compile(
    r"(?<![\w.,/-])(?:(?P<rrn>\d{6}-[1-4]\d{6})|(?P<china>[1-9]\d{5}(?:19|20)\d{9}[\dXx])"
    r"|(?P<ssn>(?:(?<=ssn\s)|(?<=ssn:)|(?<=ssn:\s)|(?<=SSN\s)|(?<=SSN:)|(?<=SSN:\s))\d{3}-\d\d-\d{4})"
    r"|(?P<cpf>\d{3}\.\d{3}\.\d{3}-\d\d)|(?P<aadhaar>[2-9]\d{3} \d{4} \d{4})"
    r"|(?P<fiscale>[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]))(?![\w-])"
)
_MEASURED = re.compile(rf"\s?(?:{_UNIT})", re.IGNORECASE)

EMAIL_SIGNS = r"@|(?i:[(\[{<]\s?(?:at|ät|arroba)\s?[)\]}>]|\sdot\s|[(\[{<]\s?dot)"
MESSENGER_SIGNS = (
    r"(?i:\.me\s?/|whatsapp\.com\s?/|(?:whatsapp|tg|viber|skype|line|zalo)://|[a-z](?:\s?id)?[\s:：]{0,3}@[a-z]"
    r"|(?:am|insta|chat|kakao|talk|line)(?:\s?id)?\s?[:：]\s?[a-z]|微信|薇信|加微)"
)
# What each telephone number shows at its beginning: cheap to look for.
PHONE_SIGNS = (
    rf"[+(]\d[\d\s().-]{{6}}|(?:^|[^\w.,/-])(?:0\s?\d[\d\s./-]{{7}}|1[3-9]\d[\s-]?\d{{4}}[\s-]?\d{{4}}|[2-9]\d\d-[2-9]\d\d-\d"
    rf"|8[\s-]9\d\d[\s-]\d{{3}})"
    rf"|(?:\b(?i:{_LATIN})|{_OTHER})\x{{fe0f}}?(?: ?(?i:no|nr))?[\s:.;/=-]{{0,3}}\+?\(?\d"
)


def without_emails(text: str, mark: str) -> str:
    """Replace e-mail addresses in a text, also those spelled "anna (at) example (dot) com"."""
    return _SPELLED.sub(mark, _EMAIL.sub(mark, text))


def without_messengers(text: str, mark: str) -> str:
    """Replace links to people on messengers in a text."""
    return _MESSENGER.sub(mark, text)


def without_phones(text: str, mark: str) -> str:
    """Replace telephone numbers in a text."""
    return _PHONES.sub(lambda found: mark if _phone(found) else found.group(), text)


def _phone(found: re.Match[str]) -> bool:
    """Say whether a match is a telephone number.

    It has 7 to 15 digits (ITU-T E.164), with a "+" or 00 a country's calling code before them; it is no GTIN, counts
    nothing up and measures nothing.
    """
    called = found["called"] or found["behind"]
    number = called or found.group()
    digits = re.sub(r"\D", "", number)
    if not 7 <= len(digits) <= 15:
        return False
    if called is None and number.startswith(("+", "00")) and not _abroad(found):
        return False
    pairs = re.findall(r"\d+", number)
    counting = len(pairs) > 3 and len({int(b) - int(a) for a, b in pairwise(pairs)}) == 1
    return not counting and (called is not None or not number.isdigit() or gtin(number) is None)


def _abroad(found: re.Match[str]) -> bool:
    """Say whether what begins with + or 00 has a calling code, all of it before the first sign that is no digit."""
    number = found.group().removeprefix("+").removeprefix("00")
    digits, first = re.sub(r"\D", "", number), re.split(r"\D", number)[0]
    code = _CALLING.match(first)
    if code is None or len(digits) < 9 or _MEASURED.match(found.string, found.end()):
        return False
    if code.group() in ("1", "7") and len(digits) != 11:
        return False  # North America and Russia have numbers of one length
    return len(first) > 3 or code.group() == first


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
    if kind == "ssn":  # United States: no check digit, but the words before it
        return True
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


def _replaced(pattern: re.Pattern[str], judge: Callable[[re.Match[str]], bool], mark: str) -> Callable[[str], str]:
    return lambda text: pattern.sub(lambda found: mark if judge(found) else found.group(), text)


def emails(texts: pa.Array, mark: str = "[e-mail]") -> pa.Array:
    """Replace e-mail addresses.

    >>> emails(pa.array(["write to shop.one@example.co.id now"])).to_pylist()
    ['write to [e-mail] now']
    """
    return rewrite(texts, lambda column: matches(column, EMAIL_SIGNS), lambda text: without_emails(text, mark))


def messengers(texts: pa.Array, mark: str = "[messenger]") -> pa.Array:
    """Replace links that lead to people on messengers.

    >>> messengers(pa.array(["order: wa.me/6281234567890", "t.me/mugs or https://m.me/mugs"])).to_pylist()
    ['order: [messenger]', '[messenger] or [messenger]']
    """
    return rewrite(texts, lambda column: matches(column, MESSENGER_SIGNS), lambda text: without_messengers(text, mark))


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
    signs = r"[A-Z]{2}\d\d ?[A-Z0-9]|(?:^|[^A-Za-z0-9])[A-Za-z]{2}\d\d ?[A-Za-z0-9]{4} ?[A-Za-z0-9]{4}"
    return rewrite(texts, lambda column: matches(column, signs), lambda text: without_ibans(text, mark))


def cards(texts: pa.Array, mark: str = "[card]") -> pa.Array:
    """Replace payment card numbers.

    >>> cards(pa.array(["4111 1111 1111 1111 and 4111 1111 1111 1112"])).to_pylist()
    ['[card] and 4111 1111 1111 1112']
    """
    signs = r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3}|3\d{3}[ -]?\d{6}[ -]?\d{5}"
    return rewrite(texts, lambda column: matches(column, signs), _replaced(_CARD, _luhn, mark))


def national_numbers(texts: pa.Array, mark: str = "[id]") -> pa.Array:
    """Replace national numbers of persons: Korea, China, Brazil, India, Italy, the United States.

    >>> national_numbers(pa.array(["CPF 529.982.247-25"])).to_pylist()
    ['CPF [id]']
    """
    signs = r"\d{6}-\d{7}|\d{17}[\dXx]|\d{3}\.\d{3}\.\d{3}-|\d{4} \d{4} \d{4}|[A-Z]{6}\d\d[A-Z]\d\d|\d{3}-\d\d-\d{4}"
    return rewrite(texts, lambda column: matches(column, signs), _replaced(_NATIONAL, _national, mark))


# In order: an IBAN, a card number or a link is no telephone number.
KINDS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "emails": emails,
    "messengers": messengers,
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
