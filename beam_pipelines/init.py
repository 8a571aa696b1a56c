"""Write a configuration for somebody's own export: the columns looked at, the likely mapping filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import yaml

from ..schemas.config import Config, SourceConfig
from ..schemas.config_file import load
from ..schemas.errors import ConfigError
from . import sources

# What exports call our columns, likeliest first; compared without case, spaces and marks.
NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "sku", "productid", "itemid", "listingid", "offerid", "postingid", "asin", "uniqid", "articleid",
           "artikelnummer", "uid", "key", "index", "handle"),
    "title": ("title", "name", "productname", "producttitle", "itemname", "listingtitle", "product", "titel", "titre",
              "bezeichnung", "artikelbezeichnung", "produktname", "artikelname", "titulo", "nombre", "nom",
              "상품명", "heading"),
    "description": ("description", "details", "productdescription", "longdescription", "body", "beschreibung", "desc"),
    "brand": ("brand", "brandname", "maker", "manufacturer", "marke", "marque", "vendor"),
    "seller": ("seller", "sellerid", "shop", "shopid", "store", "merchant", "sellername", "merchantid", "haendler",
               "händler", "verkäufer", "verkaeufer", "vendeur", "vendedor", "판매자"),
    "category": ("category", "categorypath", "productcategory", "categorytree", "productcategorytree", "department",
                 "producttype", "googleproductcategory", "articletype", "kategorie", "warengruppe",
                 "categorie", "categoria", "카테고리", "type"),
    "price": ("price", "saleprice", "currentprice", "listprice", "retailprice", "preis", "prix"),
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
              "pictures", "imgurl", "img", "thumbnail", "imagepath", "bild", "bilder", "foto", "imagen", "이미지"),
}  # fmt: skip
ATTRIBUTES = (
    "colour",
    "color",
    "basecolour",
    "size",
    "material",
    "pattern",
    "gender",
    "style",
    "season",
    "farbe",
    "groesse",
)


def write_config(source: str, target: Path) -> Iterator[str]:
    """Look at a source and write a configuration; says what was found.

    Raises:
        ConfigError: the file to write is there already, or nothing matches the source.
    """
    if target.exists():
        raise ConfigError(f"{target}: stands there already; name another file with --output, or remove it")
    schema, delimiter = _columns(source)
    mapping = guess(schema)
    if "id" not in mapping:
        raise ConfigError(
            f"{source}: none of the columns {', '.join(schema.names)} looks like an id; "
            f"copy examples/catalog.yaml and map source.columns.id yourself"
        )
    target.write_text(_text(source, target, schema, mapping, delimiter), "utf-8")
    load(target)  # what we write must load
    for ours, theirs in mapping.items():
        yield f"{ours:>14} <- {theirs if isinstance(theirs, str) else ', '.join(theirs.values())}"
    rest = _unmapped(schema, mapping)
    if rest:
        yield f"{'not mapped':>14}    {', '.join(rest)}"
    missing = [name for name in ("title", "seller", "image") if name not in mapping]
    if missing:
        yield f"{'look':>14}    no column looks like {', '.join(missing)}: map source.columns yourself, if there is one"
    yield f"{target} is written: look at the mapping, then `eclip run {target}`"


def _columns(source: str) -> tuple[pa.Schema, str | None]:
    """The columns of a source; of a CSV file, the delimiter too, where it is not the comma."""
    found: dict[str | None, pa.Schema] = {}
    for delimiter in (None, ";", "\t", "|"):
        config = Config(source=SourceConfig(path=source, delimiter=delimiter), folder=str(Path.cwd()))
        files = sources.find(config)
        found[delimiter] = sources.columns(files, config.source)
        if len(found[delimiter]) > 1:
            return found[delimiter], delimiter
    return found[None], None


def _unmapped(schema: pa.Schema, mapping: Mapping[str, str | dict[str, str]]) -> list[str]:
    used = {v for value in mapping.values() for v in ([value] if isinstance(value, str) else value.values())}
    return [name for name in schema.names if name not in used]


def guess(schema: pa.Schema) -> dict[str, str | dict[str, str]]:
    """Map columns by their names; each is used once.

    >>> guess(pa.schema([("SKU", "string"), ("Product Name", "string"), ("baseColour", "string")]))
    {'id': 'SKU', 'title': 'Product Name', 'attributes': {'colour': 'baseColour'}}
    """
    plain = {re.sub(r"[\W_]+", "", name.casefold()): name for name in reversed(schema.names)}
    mapping: dict[str, str | dict[str, str]] = {}
    used: set[str] = set()
    for ours, candidates in NAMES.items():
        for candidate in candidates:
            if candidate in plain and plain[candidate] not in used:
                mapping[ours] = plain[candidate]
                used.add(plain[candidate])
                break
    attributes: dict[str, str] = {}
    for candidate in ATTRIBUTES:
        if candidate in plain and plain[candidate] not in used:
            name = {"basecolour": "colour", "color": "colour", "farbe": "colour", "groesse": "size"}.get(
                candidate, candidate
            )
            attributes.setdefault(name, plain[candidate])
            used.add(plain[candidate])
    if attributes:
        mapping["attributes"] = attributes
    return mapping


def _text(
    source: str, target: Path, schema: pa.Schema, mapping: Mapping[str, str | dict[str, str]], delimiter: str | None
) -> str:
    rest = _unmapped(schema, mapping)
    path = Path(source)
    # Relative paths in a configuration start from its own folder, those on the command line from here.
    place = source if "://" in source else str(path.absolute()) if target.parent.absolute() != Path.cwd() else source
    columns = yaml.safe_dump(dict(mapping), allow_unicode=True, sort_keys=False, default_flow_style=False)
    lines = [
        f"# Made by `eclip init {source}`. Every key is documented in examples/catalog.yaml.",
        f"name: {_name(path)}",
        "source:",
        f"  path: {yaml.safe_dump(place).splitlines()[0]}",
        *([f"  delimiter: {json.dumps(delimiter)}"] if delimiter else []),
        "  columns: # ours: theirs",
        *("    " + line for line in columns.splitlines()),
    ]
    if rest:
        lines.append(f"  # kept as they are: {', '.join(rest)}")
    if "seller" not in mapping:
        lines.append(
            "  # No column says who sells: near-duplicates are linked, never dropped (see deduplicate.preset)."
        )
    if "image" in mapping:
        lines += ["image:", "  # root: photos       # the folder that photo paths start from and stay in",
                  "  # separator: \"|\"      # where one cell holds several photos"]  # fmt: skip
    return "\n".join(lines) + "\n"


def _name(path: Path) -> str:
    stem = re.sub(r"\W+", "_", path.name.split(".")[0]).strip("_")
    return stem or (re.sub(r"\W+", "_", path.parent.name) or "catalog")
