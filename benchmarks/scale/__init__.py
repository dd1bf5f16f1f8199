"""A world as many times as large: its release, its series, its payloads, and what each layer takes."""
