"""Publication: published tables in, a release folder out."""
