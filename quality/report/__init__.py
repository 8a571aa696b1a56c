"""The report: what a run did, as one HTML page for people."""
