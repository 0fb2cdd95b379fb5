"""What exists and what is allowed: facts as frozen values, rules as plain functions."""
