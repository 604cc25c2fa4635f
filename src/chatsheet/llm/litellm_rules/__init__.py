"""What can be wrong in a litellm.config.yaml, by where it stands: single values, models, and the proxy's own doors. Pure."""
