"""The page for people: gathered from a release's tables, written by Jinja templates."""
