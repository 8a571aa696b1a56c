"""Duplicates: candidates, exact verification, variants, and what becomes of a pair."""
