"""The nightly job around its steps: schedule, sensors, progress, how a run ended, who is told."""
