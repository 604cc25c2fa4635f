"""A question becomes events, events become an answer: an append-only log, a pure loop over it, and thin doers."""
