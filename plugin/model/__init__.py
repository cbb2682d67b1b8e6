"""The nouns of the house: frozen, pure, without clock, network or database."""
