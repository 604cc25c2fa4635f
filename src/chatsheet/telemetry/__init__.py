"""What happened to model calls, as spans and metrics for a site's own collector: names and numbers, never text of a person or a model."""
