"""Wiring: Dagster, dbt, gates, tracking and the command line. Nothing is computed here."""
