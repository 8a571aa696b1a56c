"""What is right and what is wrong: pure functions on Arrow tables. No Beam, no torch."""
