"""Where runs run: targets, and the places on them."""
