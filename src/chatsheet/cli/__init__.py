"""The terminal's door: one file per command, loaded only when it is called."""
