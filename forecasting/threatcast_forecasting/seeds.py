"""Seeds that depend on what is drawn, and on nothing else.

A model that draws random numbers seeds them from `stable_seed(seed, series_id)`, one generator a
series, so that a forecast does not depend on which series happen to share its batch or process.
"""

from __future__ import annotations

import hashlib

SEED = 20260101
"""What all random numbers follow from unless another one is chosen."""


def stable_seed(*parts: str | int) -> int:
    """Return a seed below 2**63 that is the same on every machine and in every process.

    Python's own `hash` is no use here: it differs between processes.

    Examples
    --------
    >>> stable_seed(7, "flat", "2024-01-01")
    7391566693569298627
    """
    text = "\x1f".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
