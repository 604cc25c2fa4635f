"""What the paths say when they are compared: the rules of the strategy, and the finer ones. Pure."""
