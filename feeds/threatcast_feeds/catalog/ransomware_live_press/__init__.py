"""Ransomware.live: cyberattacks reported by the press."""
