"""What a browser may load and run for a page of the site: its own files, and nothing else."""

POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
