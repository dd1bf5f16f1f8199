"""ThreatFox: addresses of command-and-control servers, by a git mirror."""
