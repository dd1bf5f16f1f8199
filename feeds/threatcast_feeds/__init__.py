"""Public threat feeds: bytes in, rows with each feed's own columns out."""
