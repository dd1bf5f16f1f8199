"""What a browser may load and run for a page of the site: its own files, and nothing else.

Forms may ask the server that gave the page: the archive asks it for the difference of two releases.
"""

POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)
