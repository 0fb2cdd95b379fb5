"""From what is asked to a whole run folder: drafts, repeats, and code that repeats a run."""
