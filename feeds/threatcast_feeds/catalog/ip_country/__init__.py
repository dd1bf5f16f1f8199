"""Countries to which address ranges are delegated."""
