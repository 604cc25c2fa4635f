"""One module per layer of a route: each looks at its layer alone and returns a rung with what it saw."""
