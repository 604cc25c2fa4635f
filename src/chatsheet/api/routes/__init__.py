"""The routes under /api, one module a noun."""
