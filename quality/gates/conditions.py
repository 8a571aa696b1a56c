"""Row conditions: a rule about rows that looks at some of them only, as Great Expectations writes it.

    {"column": "gtin", "row_condition": {"type": "comparison", "column": {"name": "brand"}, "operator": "==", …}}
    {"column": "gtin", "row_condition": "brand == 'Acme' and price > 10", "condition_parser": "pandas"}
    {"column": "gtin", "row_condition": "col(\\"brand\\") == 'Acme'", "condition_parser": "great_expectations"}

Great Expectations' own pandas code says which rows of a batch are meant. That is the same in shards as in the whole as
long as a condition looks at one row alone, so of what `DataFrame.query` takes anything else is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .rule import Rule

ARGUMENTS = ("row_condition", "condition_parser")
_PARSERS = ("pandas", "great_expectations", "great_expectations__experimental__")
_QUOTED = re.compile(r"`([^`]+)`")
_COLUMN = re.compile(r'col\(\s*"([^"]+)"\s*\)')
_METHODS = frozenset({"isnull", "notnull", "isna", "notna", "isin", "between"})
_OF_TEXT = frozenset({"len", "contains", "startswith", "endswith", "match", "fullmatch", "lower", "upper", "strip",
                      "isdigit", "isnumeric", "isalpha", "isalnum", "islower", "isupper", "isspace"})  # fmt: skip
_ELEMENTWISE = (ast.Expression, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.unaryop, ast.BinOp, ast.operator, ast.Compare,
                ast.cmpop, ast.Name, ast.expr_context, ast.Constant, ast.List, ast.Tuple, ast.Call, ast.Attribute,
                ast.keyword)  # fmt: skip


def problem(kwargs: Mapping[str, Any]) -> str | None:
    """Say why a row condition cannot be judged shard by shard; None if it can, or if there is none."""
    condition, parser = (kwargs.get(name) for name in ARGUMENTS)
    if condition is None:
        return "condition_parser needs a row_condition" if parser is not None else None
    if parser is not None and parser not in _PARSERS:
        return f"condition_parser is {parser!r}, expected one of {', '.join(_PARSERS[:2])}"
    try:
        names = columns(kwargs)
    except (ValueError, KeyError, TypeError, SyntaxError) as error:
        return f"row_condition {condition!r} cannot be judged shard by shard: {error}"
    return None if names else f"row_condition {condition!r} names no column"


def columns(kwargs: Mapping[str, Any]) -> list[str]:
    """Name the columns that a rule's row condition reads; none where it has no condition.

    Raises:
        ValueError: it is no condition on one row (also KeyError, TypeError, SyntaxError).
    """
    condition = kwargs.get("row_condition")
    if condition is None:
        return []
    if isinstance(condition, str) and str(kwargs.get("condition_parser")).startswith("great_expectations"):
        return list(dict.fromkeys(_COLUMN.findall(condition)))
    return list(dict.fromkeys(_names(condition)))


def said(rule: Rule) -> str:
    """Write a rule's condition for people.

    >>> said(Rule("r", "t", {"row_condition": {"type": "nullity", "column": {"name": "gtin"}, "is_null": False}}))
    'gtin is there'
    """
    return _said(rule.kwargs["row_condition"])


def _said(condition: Any) -> str:
    if isinstance(condition, str):
        return condition
    match condition["type"]:
        case "nullity":
            return f"{condition['column']['name']} is {'missing' if condition['is_null'] else 'there'}"
        case "comparison":
            return f"{condition['column']['name']} {condition['operator']} {condition['parameter']!r}"
        case "pass_through":
            return str(condition["pass_through_filter"])
        case joined:
            return f" {joined} ".join(f"({_said(each)})" for each in condition["conditions"])


def _names(condition: Any) -> Iterator[str]:
    if isinstance(condition, str):
        yield from _of_query(condition)
    elif not isinstance(condition, Mapping):
        raise ValueError("expected a text, or an object such as Great Expectations writes")
    elif condition.get("type") in ("and", "or"):
        for each in condition["conditions"]:
            yield from _names(each)
    elif condition.get("type") in ("comparison", "nullity"):
        yield str(condition["column"]["name"])
    elif condition.get("type") == "pass_through":
        yield from _of_query(condition["pass_through_filter"])
    else:
        raise ValueError(f"type is {condition.get('type')!r}, expected comparison, nullity, and, or, pass_through")


def _of_query(text: str) -> list[str]:
    """Name the columns of a text for `DataFrame.query`.

    Raises:
        ValueError: it looks at more than one row, as in `price > price.mean()`.
    """
    quoted = _QUOTED.findall(text)
    plain = _QUOTED.sub(lambda found: f"_quoted_{quoted.index(found[1])}_", text)
    if "@" in plain:
        raise ValueError("it names a variable (@)")
    tree = ast.parse(plain.strip(), mode="eval")
    for node in ast.walk(tree):
        _look(node)
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return [quoted[int(name.split("_")[2])] if name.startswith("_quoted_") else name for name in names]


def _look(node: ast.AST) -> None:
    if not isinstance(node, _ELEMENTWISE):
        raise ValueError(f"it has a {type(node).__name__}")
    if isinstance(node, ast.Attribute):
        of_text = isinstance(node.value, ast.Attribute) and node.value.attr == "str"
        if node.attr != "str" and node.attr not in (_OF_TEXT if of_text else _METHODS):
            raise ValueError(f"it asks for .{node.attr}, and may ask a column for {', '.join(sorted(_METHODS))}, str.…")
    if isinstance(node, ast.Call):
        given = [*node.args, *(each.value for each in node.keywords)]
        if not isinstance(node.func, ast.Attribute) or not all(map(_is_constant, given)):
            raise ValueError("it calls something that may look at other rows")
    if isinstance(node, ast.Compare):
        for operator, value in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn) and not _is_constant(value):
                raise ValueError("`in` is followed by something else than a list of values")


def _is_constant(node: ast.AST) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True
