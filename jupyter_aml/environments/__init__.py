"""Where environments come from: builders behind one protocol."""
