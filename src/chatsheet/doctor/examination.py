"""The examination: every path side by side, each up its ladder to the first broken rung, then compared and decided."""
