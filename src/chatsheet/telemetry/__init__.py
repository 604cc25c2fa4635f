"""What happened to model calls, for a site's own collector: spans and metrics of names and numbers, never of content."""
