from __future__ import annotations

import pyarrow as pa
import pytest
from eclip.quality.text.pii import KINDS, redact
from hypothesis import given, settings
from hypothesis import strategies as st


def redacted(text: str) -> str:
    found: str = redact(pa.array([text]))[0].as_py()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail shop.one+x@mail.example.co.uk!", "mail [e-mail]!"),
        ("WA 0812-3456-7890", "[phone]"), ("WhatsApp: +62 812 3456 7890", "[phone]"), ("call 555 010 9999", "[phone]"),
        ("+49 (221) 123 4567", "[phone]"), ("(212) 555-0123", "[phone]"), ("212-555-0123", "[phone]"),
        ("010-1234-5678", "[phone]"), ("전화 02-123-4567", "[phone]"), ("电话13812345678", "[phone]"),
        ("0120-123-456", "[phone]"), ("06 12 34 56 79", "[phone]"), ("081234567891", "[phone]"),
        ("IBAN DE89370400440532013000.", "IBAN [IBAN]."), ("GB29 NWBK 6016 1331 9268 19 SORT", "[IBAN] SORT"),
        ("4111-1111-1111-1111", "[card]"), ("3782 822463 10005", "[card]"), ("5555555555554444", "[card]"),
        ("900101-1234568", "[id]"), ("11010519491231002X", "[id]"), ("529.982.247-25", "[id]"),
        ("2341 2341 2346", "[id]"), ("RSSMRA85T10A562S", "[id]"),
        ("anna (at) example (dot) com", "[e-mail]"), ("ask anna[AT]mail.example.de!", "ask [e-mail]!"),
        ("anna.berg@example (dot) com", "[e-mail]"), ("write anna at example dot co dot uk now", "write [e-mail] now"),
        ("anna {ät} example.de", "[e-mail]"), ("anna (arroba) example [punkt] de", "[e-mail]"),
        ("wa.me/6281234567890", "[messenger]"), ("https://wa.me/6281234567890?text=hi mug", "[messenger] mug"),
        ("T.me/mug_shop, m.me/mugs", "[messenger], [messenger]"), ("api.whatsapp.com/send?phone=62812345678", "[messenger]"),
        ("tg://resolve?domain=mugs", "[messenger]"), ("wa me 0812 3456 7890", "[phone]"),
        ("de89370400440532013000", "[IBAN]"), ("gb29 nwbk 6016 1331 9268 19 sort", "[IBAN] sort"),
        ("Nl91 abna 0417 1643 00", "[IBAN]"), ("+44 7911 123456", "[phone]"), ("+998 90 123 45 67", "[phone]"),
        ("☎ 030 1234567 whatsapp", "[phone] whatsapp"), ("030 1234567 anrufen", "[phone] anrufen"), ("📞: 030 1234567", "[phone]"),
        ("8 (912) 345-67-89", "[phone]"), ("8 912 345-67-89", "[phone]"), ("SSN 123-45-6789", "SSN [id]"),
        ("Telegram @bobshop", "[messenger]"), ("insta: bob.shop", "[messenger]"), ("微信 bobshop88", "[messenger]"),
        ("微信号：bob_shop!", "[messenger]!"), ("Oak bench 01719998877", "Oak bench [phone]"), ("0049 221 1234567", "[phone]"), ("+1 212 555 0123", "[phone]"),
    ],
)  # fmt: skip
def test_personal_data_is_replaced(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "iPhone 12 128GB", "Levi's 501 0193", "90 x 200", "LEGO 75192", "RTX 3060 12GB", "2023-2024", "4006381333931",
        "0 4006381 333931", "012345678905", "Bosch 2 607 001 526", "0986494123", "Nike 684658-003", "111-222 Boots",
        "Compatible 464059-001 464059-121", "01 02 03 04 05", "02 04 06 08 10", "3.1 GHz LGA 1150", "140/70-17",
        "4111 1111 1111 1112", "1234 5678 9012 3456", "DE89370400440532013001", "900101-1234567", "529.982.247-26",
        "ISBN 978-3-16-148410-0", "@home", "A@B", "Canon EF 70-200mm f/2.8", "100+200+300", "IMEI 356938035643809",
        "1920x1080 144Hz 27 Zoll", "SKU 10002000300040005000", "2341 2341 2347", "Stanley 14-318-23 Bolt Cutter",
        "+50 300 2000 ml", "+30 300 2000 ml", "Vitamin C +500 100 200 300 mg", "Pompa Galon Air Manual (00144.00512)",
        "+1 300 2000 30", "Amazon Echo Dot com relógio", "polka dot dress at home", "Set (at) home", "Fun at Disney.com",
        "Instagram: Marketing Guide", "Line: Classic", "insta: bobshop", "Telegram poster", "微信支付贴纸", "123-45-6789 filter",
        "010 1234567 whatsup", "8 912 345", "Some.Me mug", "awa.me/2", "no12 black shoe size three pack", "be39698436633b49", "DE89 red mugs blue mugs", "1080p +720 1000 2000",
    ],
)  # fmt: skip
def test_numbers_of_products_stay(text: str) -> None:
    assert redacted(text) == text


PIECES = ["a@b.de", "@", "+49 221 1234567", "0812-3456-7890", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "WA",
          "900101-1234568", "a(at)b", "(dot)de", " dot com", "wa.me/", " ", "-", ".", "1", "0", "A"]  # fmt: skip


@pytest.mark.parametrize("kind", list(KINDS))
@settings(deadline=None, max_examples=60)
@given(raw=st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), min_size=1, max_size=24))
def test_each_kind_is_idempotent_and_leaves_nulls_alone(kind: str, raw: list[str]) -> None:
    once = KINDS[kind](pa.array([*raw, None]))
    assert KINDS[kind](once).to_pylist() == once.to_pylist()
    assert once.null_count == 1
