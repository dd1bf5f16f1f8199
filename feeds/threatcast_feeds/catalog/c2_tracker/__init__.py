"""C2-Tracker: command-and-control servers found by saved searches."""
