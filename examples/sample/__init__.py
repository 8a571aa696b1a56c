"""The sample catalog: listings and photos that are drawn, with known faults planted among them."""

from .catalog import write_sample

__all__ = ["write_sample"]
