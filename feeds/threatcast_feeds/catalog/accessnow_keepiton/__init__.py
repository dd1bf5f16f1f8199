"""Access Now's record of internet shutdowns."""
