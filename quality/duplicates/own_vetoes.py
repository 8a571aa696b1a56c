"""Vetoes of one's own: what a listing says of its variant, beside what eclip.quality.duplicates.variants reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ...schemas.deduplicate_config import DeduplicateConfig
from ...schemas.errors import ConfigError
from ...schemas.own_rule import READ_FOR_VETOES, OwnVeto
from ..own_function import OwnFunction
from .lexicon import VALUE_BITS
from .variants import KINDS

# What a function is given of each listing; all of it lies at hand where pairs are compared.
COLUMNS = ["id", *READ_FOR_VETOES, "attributes"]

MOST_VETOES = 256 - len(KINDS)  # the kind of a feature has 8 bits


@dataclass(frozen=True)
class OwnVetoes:
    """The vetoes and their functions; cheap to pickle."""

    rules: tuple[OwnVeto, ...] = ()
    functions: tuple[OwnFunction | None, ...] = ()  # None: by pattern

    @classmethod
    def of(cls, config: DeduplicateConfig) -> OwnVetoes:
        """Name the functions of vetoes.

        Raises:
            ConfigError: a veto has the id of a built-in one, its package is not installed here, or there are too many.
        """
        if len(config.vetoes) > MOST_VETOES:
            raise ConfigError(
                f"deduplicate.vetoes: there are {len(config.vetoes)}, and only {MOST_VETOES} can be told apart; bring "
                f"some together in one, whose function or pattern gives what differs"
            )
        functions: list[OwnFunction | None] = []
        for rule in config.vetoes:
            where = f"deduplicate.vetoes.{rule.id}"
            if rule.id in KINDS:
                raise ConfigError(f"deduplicate.vetoes: '{rule.id}' is the id of a built-in veto; give yours another")
            functions.append(OwnFunction.of(where, rule.use, pa.string()) if rule.use else None)
        return cls(tuple(config.vetoes), tuple(functions))

    def said(self, listings: pa.RecordBatch) -> list[pa.Array]:
        """For each veto, what each listing says, case folded; null where it says nothing.

        Raises:
            RuleError: a function failed.
        """
        listings = listings.select([name for name in COLUMNS if name in listings.schema.names])
        found = []
        for rule, function in zip(self.rules, self.functions, strict=True):
            if function is None:
                values = pc.struct_field(pc.extract_regex(listings[rule.field], rule.reading), "value")
            else:
                values = function(listings, listings["id"])
            values = pc.utf8_lower(pc.utf8_trim_whitespace(values))
            found.append(pc.if_else(pc.equal(values, ""), None, values))
        return found

    def beside(self, features: pa.Array, listings: pa.RecordBatch) -> pa.Array:
        """Put what each veto reads behind the other features of listings: list<uint64> of n rows, sorted in each.

        Raises:
            RuleError: a function failed.
        """
        if not self.rules:
            return features
        rows = features.to_pylist()
        for number, values in enumerate(self.said(listings), len(KINDS)):
            for row, value in zip(rows, values.to_pylist(), strict=True):
                if value is not None:
                    digest = xxhash.xxh64_intdigest(value.encode()) & ((1 << VALUE_BITS) - 1)
                    row.append((number << 56) | (digest << 1))  # laid out as by `lexicon.feature`, never firm
        return pa.array(rows, features.type)


def kinds(vetoes: Sequence[OwnVeto]) -> list[str]:
    """All kinds in which listings can be variants of each other, by number: those of one's own come last."""
    return [*KINDS, *(rule.id for rule in vetoes)]
