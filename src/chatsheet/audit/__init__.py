"""Who did what, in a chain that shows tampering, and how much of models' time a workspace, a user or a job may spend."""
