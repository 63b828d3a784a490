"""One module for each protocol, each with one `DECODER`, named by an entry point (pyproject.toml)."""
