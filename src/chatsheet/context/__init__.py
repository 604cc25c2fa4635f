"""What the model is told: rules, tools and column cards inside a token budget; rows only as query results."""
