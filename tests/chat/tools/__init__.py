"""The tools of a chat."""
