"""Photos: decoding, hashes and features."""
