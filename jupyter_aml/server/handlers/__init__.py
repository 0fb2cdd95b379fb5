"""What answers each route: decode, one call of the engine, encode. A module for each noun."""
