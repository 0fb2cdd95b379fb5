"""How the tables came to be: numbered, forward only, never edited."""
