"""Datastores and what lies on them."""
