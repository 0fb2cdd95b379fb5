"""How datastores of the SDK are opened, and files copied to and from them."""
