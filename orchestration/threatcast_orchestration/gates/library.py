"""Great Expectations as this package uses it: one context a process, in memory, silent.

Imported on the first suite (four seconds).
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@cache
def _context() -> Any:
    """Return the one context of this process: in memory, without analytics and progress bars."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(project_config=config, mode="ephemeral")


def batch_definition(name: str) -> Any:
    """Return the batch definition of a frame, made on first use."""
    sources = _context().data_sources
    source = sources.all().get("warehouse") or sources.add_pandas("warehouse")
    if name in source.get_asset_names():
        return source.get_asset(name).get_batch_definition("frame")
    return source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("frame")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Great Expectations' chatter out of a person's log; its results say it all."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"great_expectations(\.|$)")
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            yield
    finally:
        logger.setLevel(level)
