"""Models as the engine keeps them: registered, aliased, handed out, traced to their runs."""
