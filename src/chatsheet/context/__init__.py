"""What the model is told: rules, tools and column cards inside a token budget; never raw rows."""
