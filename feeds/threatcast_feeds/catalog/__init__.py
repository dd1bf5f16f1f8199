"""One folder a feed: what it is (`defs.yaml`), how it is read, how it is simulated."""
