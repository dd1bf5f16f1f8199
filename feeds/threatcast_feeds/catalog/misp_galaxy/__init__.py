"""MISP galaxy: names of threat actors and ransomware families."""
