"""Where the figures of the model zoo come from."""
