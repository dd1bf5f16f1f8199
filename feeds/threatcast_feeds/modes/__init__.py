"""Where payloads come from: the live source, recordings, the simulation, a git history."""
