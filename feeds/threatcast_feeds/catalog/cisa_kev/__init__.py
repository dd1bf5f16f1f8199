"""CISA's Known Exploited Vulnerabilities."""
