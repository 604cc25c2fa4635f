"""The decision that an examination comes to, and what would change it. Pure."""
