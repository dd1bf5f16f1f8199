"""`python -m threatcast_orchestration.documents`: writes the generated pages anew."""

from __future__ import annotations

import sys

from threatcast_orchestration.documents import write


def main() -> None:
    """Write the pages in place and say which ones changed."""
    changed = write()
    for name in changed:
        sys.stdout.write(f"docs/{name}\n")
    sys.stdout.write(f"{len(changed)} pages changed\n")


if __name__ == "__main__":
    main()
