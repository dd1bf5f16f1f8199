"""What kind of threat a target shows, and what its places are places of, in words."""

from __future__ import annotations

FAMILIES = {
    "extortion": "extortion",
    "abused_infrastructure": "abused infrastructure",
    "attacks_on_services": "attacks on services",
    "exposure_and_vulnerabilities": "exposure and vulnerabilities",
    "state_and_conflict": "state and conflict",
    "access_and_censorship": "access and censorship",
}
LOCATED_BY = {
    "victim": "the country of who was harmed",
    "registration": "the country where an address is registered, neither attacker nor victim",
    "country_code_domain": "the country of the ending of a host's name",
    "reporting_country": "the country of who reported it",
}


def family(key: str | None) -> str:
    """Return the family of a target in words; empty if it has none.

    Examples
    --------
    >>> family("abused_infrastructure"), family(None)
    ('abused infrastructure', '')
    """
    return FAMILIES.get(key or "", key or "")


def located(by: str | None) -> str:
    """Return what a place of a target is, in words; empty for a target without places.

    Examples
    --------
    >>> located("victim"), located(None)
    ('the country of who was harmed', '')
    >>> located("registration+country_code_domain").split(", or ")[1]
    "the country of the ending of a host's name"
    """
    return ", or ".join(LOCATED_BY.get(one, one) for one in (by or "").split("+") if one)
