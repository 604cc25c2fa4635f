"""A file becomes typed tables, tables become an immutable version, a version answers guarded SQL."""
