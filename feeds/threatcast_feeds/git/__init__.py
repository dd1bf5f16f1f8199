"""Public repositories as bare, partial clones; what a feed makes of commits is in `modes`."""
