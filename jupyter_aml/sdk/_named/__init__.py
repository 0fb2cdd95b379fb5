"""How verbs of the shell and the notebook name what is registered."""
