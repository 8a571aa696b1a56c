"""What exports call our columns: the likely mapping of a source that nobody has described yet."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import pyarrow as pa

# Likeliest first; compared without case, spaces and marks.
NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "sku", "productid", "itemid", "listingid", "offerid", "postingid", "asin", "uniqid", "articleid",
           "artikelnummer", "artikelnr", "artikelid", "artnr", "artno", "articlenumber", "articleno", "itemnumber",
           "itemno", "itemnr", "productnumber", "productno", "produktnummer", "produktnr", "produktid", "bestellnummer",
           "bestellnr", "skuid", "variantsku", "referencia", "référence", "reference", "codigo", "código", "상품번호",
           "商品番号", "uid", "key", "index", "handle"),
    "title": ("title", "name", "productname", "producttitle", "itemname", "listingtitle", "product", "titel", "titre",
              "bezeichnung", "artikelbezeichnung", "produktname", "artikelname", "titulo", "nombre", "nom",
              "상품명", "heading"),
    "description": ("description", "details", "productdescription", "longdescription", "body", "beschreibung", "desc"),
    "brand": ("brand", "brandname", "maker", "manufacturer", "marke", "marque", "vendor", "hersteller"),
    "seller": ("seller", "sellerid", "shop", "shopid", "store", "merchant", "sellername", "merchantid", "haendler",
               "händler", "verkäufer", "verkaeufer", "vendeur", "vendedor", "판매자"),
    "category": ("category", "categorypath", "productcategory", "categorytree", "productcategorytree", "department",
                 "producttype", "googleproductcategory", "articletype", "kategorie", "warengruppe",
                 "categorie", "categoria", "카테고리", "type"),
    "price": ("price", "saleprice", "currentprice", "listprice", "retailprice", "preis", "verkaufspreis", "prix",
              "precio", "prezzo"),
    "currency": ("currency", "currencycode", "pricecurrency", "waehrung", "währung", "devise", "moneda"),
    "gtin": ("gtin", "ean", "upc", "barcode", "gtin13", "ean13", "isbn"),
    "mpn": ("mpn", "modelnumber", "model", "partnumber"),
    "catalog_id": ("catalogid", "labelgroup", "clusterid", "groundtruth", "matchid"),
    "item_group_id": ("itemgroupid", "groupid", "parentid", "parentsku", "parentasin"),
    "url": ("url", "link", "producturl", "itemurl", "productlink"),
    "lang": ("lang", "language", "locale"),
    "updated_at": ("updatedat", "updated", "lastmodified", "modifiedat", "timestamp", "crawltimestamp", "createdat"),
    "split": ("split", "subset", "fold"),
    "image": ("image", "images", "photos", "photo", "imagebytes", "imageurl", "imagelink", "imageurls", "picture",
              "pictures", "imgurl", "img", "thumbnail", "imagepath", "bild", "bilder", "foto", "fotos", "imagen",
              "이미지"),
}  # fmt: skip
# What is said by columns of their own: their names -> the attribute's.
ATTRIBUTES: Mapping[str, str] = {
    "colour": "colour", "color": "colour", "basecolour": "colour", "farbe": "colour", "size": "size", "groesse": "size",
    "größe": "size", "material": "material", "pattern": "pattern", "gender": "gender", "style": "style",
    "season": "season",
}  # fmt: skip
# Behind the name of a column these make another thing of it: the type of a product, a price per kilogram.
OTHERWISE = {"id", "type", "unit", "per", "pro", "je", "alt", "count", "date", "code", "url", "text", "number", "no",
             "nr", "old", "group", "name", "path", "length"}  # fmt: skip
# A word of these alone says too little where others stand behind it.
VAGUE = {"id", "name", "product", "type", "model", "index", "key", "handle", "body", "reference"}
Mapped = dict[str, str | dict[str, str]]


def guess(schema: pa.Schema, sample: pa.RecordBatch | None = None) -> Mapped:
    """Map columns by their names, whole or by the words they begin with, and by what a sample of them holds.

    Each column is used once.

    >>> guess(pa.schema([("Art.-Nr.", "string"), ("Preis (brutto)", "string"), ("baseColour", "string")]))
    {'id': 'Art.-Nr.', 'price': 'Preis (brutto)', 'attributes': {'colour': 'baseColour'}}
    """
    plain = {_plain(name): name for name in reversed(schema.names)}
    mapping: Mapped = {}
    used: set[str] = set()

    def take(ours: str, names: Mapping[str, str], candidates: Sequence[str]) -> None:
        for candidate in candidates:
            if ours not in mapping and candidate in names and names[candidate] not in used:
                mapping[ours] = names[candidate]
                used.add(names[candidate])

    for ours, candidates in NAMES.items():
        take(ours, plain, candidates)
    beginnings = {word: name for name in reversed(schema.names) for word in _beginnings(name)}
    for ours, candidates in NAMES.items():
        take(ours, beginnings, [candidate for candidate in candidates if candidate not in VAGUE])
    attributes: dict[str, str] = {}
    for candidate, ours in ATTRIBUTES.items():
        if candidate in plain and plain[candidate] not in used:
            attributes.setdefault(ours, plain[candidate])
            used.add(plain[candidate])
    objects = [name for name in schema.names if name not in used and _objects(schema.field(name), sample)]
    named = [name for name in objects if "attribut" in _plain(name)]
    if named or (objects and not attributes):
        mapping["attributes"] = [*named, *objects][0]
    elif attributes:
        mapping["attributes"] = attributes
    return {ours: mapping[ours] for ours in (*NAMES, "attributes") if ours in mapping}


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _beginnings(name: str) -> list[str]:
    """Give the words that a name of several begins with, as one word; none where those behind make it another thing."""
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())
    return ["".join(words[:k]) for k in range(1, len(words)) if not OTHERWISE & set(words[k:])]


def _objects(field: pa.Field, sample: pa.RecordBatch | None) -> bool:
    """Say whether a column names values: a map, or text of which a third or more is JSON objects."""
    if pa.types.is_map(field.type):
        return True
    if sample is None or not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
        return False
    given = [value for value in sample.column(field.name).to_pylist() if value and value.strip()]
    return bool(given) and 3 * sum(map(_object, given)) >= len(given)


def _object(value: str) -> bool:
    try:
        return value.lstrip().startswith("{") and isinstance(json.loads(value), dict)
    except (json.JSONDecodeError, RecursionError):
        return False
