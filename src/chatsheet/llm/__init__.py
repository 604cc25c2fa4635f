"""A chat request finds a route to the model and becomes one normalised reply, with the trail of how it went."""
