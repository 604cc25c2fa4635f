"""What a model may call: tools that read, and tools that propose what only a person can do."""
