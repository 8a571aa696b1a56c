"""Examples that are part of the package: the sample catalog, and the check of a run against its truth."""
