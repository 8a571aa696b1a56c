"""Turn raw product listings into trusted data and models."""
