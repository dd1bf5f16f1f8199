"""Machines that attacked the honeypots of one operator."""
