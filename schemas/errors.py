"""Errors that a person can act on; each message says what was found, what was expected and what to do.

EclipError            anything that stops a run                                    exit 1
├── ConfigError       the configuration or the command line is wrong               exit 2
├── SourceError       a source cannot be read, or what is in it cannot be used     exit 1
├── StageError        shards of a stage failed; a second run redoes only those     exit 1
│                     (2 where each failed on the configuration)
├── RuleError         a rule of one's own failed on a listing                      exit 1
├── RunLockedError    another run is writing to the same run folder                exit 1
└── GateError         a gate stopped the run; what was published is untouched      exit 3
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class EclipError(Exception):
    """Stop a run with a message for people; `exit_code` is what the command line ends with."""

    exit_code = 1


class ConfigError(EclipError):
    """Report a configuration or a command line that cannot work as it stands."""

    exit_code = 2


class SourceError(EclipError):
    """Report a source that cannot be read or used."""


class StageError(EclipError):
    """Report the shards of a stage that failed; `failures` holds their messages and traces, by shard."""

    def __init__(self, message: str, failures: Mapping[int, Mapping[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.failures = failures or {}


class RuleError(EclipError):
    """Report a rule of one's own that raised, or gave back what it must not."""


class RunLockedError(EclipError):
    """Report that another run holds the run folder."""


class GateError(EclipError):
    """Report the critical rules on which a gate stopped the run."""

    exit_code = 3


def nearest(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest valid word, as the end of a message.

    >>> nearest("min_sid", ["min_side", "max_aspect"])
    "; did you mean 'min_side'?"
    """
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(known)}"
