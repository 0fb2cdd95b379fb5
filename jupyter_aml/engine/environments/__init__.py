"""Environments as the engine keeps them: registered, labelled, built, given to runs."""
