"""What a home knows of the store that it shares: which one, the head it saw, the payloads there.

Losing it costs time alone, unless the home has a past of its own: then it is not known any more
whose that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError
from threatcast_feeds.durable import write_durably

from threatcast_orchestration.errors import OrchestrationError

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home


class Marker(BaseModel):
    """`head` is the hash of the newest head that this home was made equal to; '' of none."""

    store: str
    head: str = ""
    landed: tuple[str, ...] = ()


def read_marker(home: Home) -> Marker | None:
    """Return what a home knows of its store; None if it has shared nothing yet."""
    try:
        return Marker.model_validate_json(home.shared.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise OrchestrationError(
            f"{home.shared} does not say which store this home shares ({error}). Nothing was "
            "changed. Begin with an empty home: all that is shared comes from the store."
        ) from error


def write_marker(home: Home, marker: Marker) -> None:
    """Write down what a home knows of its store."""
    write_durably(home.shared, marker.model_dump_json().encode() + b"\n")
