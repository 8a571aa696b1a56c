"""How data moves: the only room that knows Apache Beam."""
