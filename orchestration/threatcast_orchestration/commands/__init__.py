"""The commands of `threatcast`, one module a topic; each only wires and prints."""
