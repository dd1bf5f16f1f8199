"""A world as many times as large: release, series, payloads, and what each layer takes."""
