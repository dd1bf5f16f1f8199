"""Hosts of phishing and malware that researchers post."""
