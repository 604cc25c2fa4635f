"""Every cause that a failed call can have, by who stands at its layer; causes.py joins and recognises them."""
