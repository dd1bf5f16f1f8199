"""Ransomware.live: victims that groups name on their leak sites."""
