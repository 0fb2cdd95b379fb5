"""The only room that changes a run: submit, plan, watch, feed."""
