"""Where payloads come from: the live source, recordings, generated ones, a git history."""
