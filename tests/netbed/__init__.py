"""Private endpoints in two network namespaces: a side where Azure is played, and a side where ours and LiteLLM run."""
