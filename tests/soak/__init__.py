"""Long runs of real servers under everything that people do to them at once."""
