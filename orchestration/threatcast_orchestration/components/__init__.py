"""Dagster components that YAML files name."""

from threatcast_orchestration.components.feed import FeedSource

__all__ = ["FeedSource"]
