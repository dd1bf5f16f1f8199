"""What a fit's numbers depend on besides its data: told by this machine and by each worker."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from threatcast_orchestration.run.keys import code_key

_LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "statsforecast", "prophet", "joblib")


@cache
def own_code() -> dict[str, str]:
    """Return the versions of all that makes a forecast in this process, by name."""
    return {
        "code of the forecasts": code_key("forecasts")[:12],
        "Python": platform.python_version(),
        "machine": platform.machine(),
        # other kernels add in another order: the last digits differ
        "BLAS kernel": "+".join(sorted({str(one.get("architecture")) for one in _blas()})),
        **{name: version(name) for name in _LIBRARIES},
    }


def blas_threads() -> int:
    """Return how many threads a matrix product may take in this process."""
    return max((int(str(one["num_threads"])) for one in _blas()), default=1)


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """Return in words what differs between two answers of `own_code`, '' if nothing does."""
    return ", ".join(
        f"{name}: {here.get(name, 'none')} here, {there.get(name, 'none')} there"
        for name in sorted(here.keys() | there.keys())
        if here.get(name) != there.get(name)
    )


def _blas() -> list[dict[str, object]]:
    import numpy as np
    import scipy.linalg
    from threadpoolctl import threadpool_info

    del np, scipy  # their libraries are loaded now
    return [one for one in threadpool_info() if one["user_api"] == "blas"]
