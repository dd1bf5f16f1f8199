"""How the weekly rates of each target move: the one place to change the simulated world.

Levels are events a week at the end of the simulated time. They are chosen so that each located
target has countries that carry a model of their own (20 events in 104 weeks), a few just below
that, and a rest with next to nothing, as the real feeds have. Sizes are far below the real ones,
so that a night on the sample takes a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

WORLD = "WORLD"
UNLOCATED = "UNLOCATED"

# some of every sub-region of the United Nations but Micronesia and Polynesia
COUNTRIES = (
    *("US", "CA", "MX", "BR", "AR", "CO"),
    *("GB", "SE", "LT", "FI", "DE", "FR", "NL", "CH", "IT", "ES", "PT", "GR"),
    *("PL", "CZ", "UA", "RU", "RO"),
    *("CN", "JP", "KR", "HK", "TW", "IN", "PK", "IR", "SG", "ID", "MM", "VN"),
    *("AE", "IL", "TR", "KZ", "ZA", "NG", "KE", "SC", "NA", "EG", "DZ", "AU", "NZ", "FJ"),
)
WORKING_DAYS = (1.0, 1.1, 1.1, 1.0, 0.9, 0.0, 0.0)
EVERY_DAY = (1.0,) * 7


@dataclass(frozen=True)
class Pattern:
    """How one target's weekly rates move.

    Attributes
    ----------
    levels : mapping of str to float
        Events a week at the end of the simulated time, by alpha-2 code, `UNLOCATED` or `WORLD`.
    rest : float
        The same for each country of the world that `levels` does not name; 0 for none.
    season, peak : float, int
        Amplitude of the yearly wave as a share of the level, and the ISO week of its crest.
    growth : float
        Growth of the logarithm in a year.
    dispersion : float
        Size of the negative binomial distribution: the variance is rate + rate**2 / size.
    wander : float
        Standard deviation of the slow random walk of the logarithm around its trend.
    shift : (date, float) or None
        A level shift: up to that day rates were so many times what they are after it.
    campaigns : (float, float)
        Campaigns a year in the whole world, and their mean size in events.
    duty : float
        Share of weeks in which a country is a target at all (1: always).
    weekdays : tuple of float
        Relative share of the days, Monday first.
    """

    levels: Mapping[str, float]
    rest: float = 0.0
    season: float = 0.15
    peak: int = 45
    growth: float = 0.05
    dispersion: float = 8.0
    wander: float = 0.12
    shift: tuple[date, float] | None = None
    campaigns: tuple[float, float] = (0.0, 0.0)
    duty: float = 1.0
    weekdays: tuple[float, ...] = field(default=EVERY_DAY)

    def places(self) -> tuple[str, ...]:
        """Return the locations with a rate of their own, in a fixed order."""
        rest = [code for code in COUNTRIES if code not in self.levels] if self.rest else []
        return (*self.levels, *rest)

    def level(self, place: str) -> float:
        """Return the events a week of a location at the end of the simulated time."""
        return self.levels.get(place, self.rest)


def _by_place(text: str, unlocated: float = 0.0) -> dict[str, float]:
    """Return levels written as `US 3.6, DE 1.0`, and that of events without a place."""
    levels = {}
    for entry in text.split(", "):
        place, level = entry.split(" ")
        levels[place] = float(level)
    return {**levels, UNLOCATED: unlocated} if unlocated else levels


PATTERNS: dict[str, Pattern] = {
    "ransomware_claims": Pattern(
        levels=_by_place(
            "US 3.6, DE 1.0, GB 0.9, CA 0.8, FR 0.6, IT 0.6, BR 0.6, IN 0.5, AU 0.45, "
            "JP 0.4, ES 0.4, MX 0.4, ZA 0.08, SG 0.08, RU 0",
            unlocated=0.7,
        ),
        rest=0.015,
        season=0.18,
        peak=46,
        growth=0.14,
        campaigns=(3.0, 18.0),
    ),
    "exploited_vulnerabilities": Pattern(
        levels={WORLD: 2.6},
        season=0.25,
        peak=11,
        growth=0.06,
        dispersion=4.0,
        shift=(date(2025, 1, 6), 0.75),
        weekdays=WORKING_DAYS,
    ),
    "malware_hosts": Pattern(
        levels=_by_place(
            "US 12.0, CN 5.0, DE 4.0, SG 3.0, NL 2.6, RU 2.4, HK 1.6, FR 1.4, SC 1.2, "
            "GB 1.1, IN 0.1, JP 0.1, AE 0.08",
            unlocated=0.1,
        ),
        rest=0.012,
        season=0.10,
        peak=6,
        growth=0.08,
        dispersion=6.0,
        wander=0.2,
        # as on the real feed, where new addresses fell to half in spring 2026
        shift=(date(2026, 1, 5), 1.7),
        campaigns=(2.0, 60.0),
    ),
    "c2_servers": Pattern(
        levels=_by_place("US 9.0, CN 4.0, DE 2.0, SG 1.4, RU 1.0, NL 0.6, FR 0.08, JP 0.08"),
        rest=0.01,
        season=0.08,
        peak=20,
        growth=0.02,
        dispersion=10.0,
        shift=(date(2025, 6, 2), 1.6),
    ),
    "ddos_targets": Pattern(
        levels=_by_place(
            "UA 3.2, DE 1.8, IT 1.6, PL 1.5, CZ 1.2, FR 1.0, ES 0.9, LT 0.8, FI 0.1, CA 0.03",
            unlocated=2.0,
        ),
        season=0.12,
        peak=24,
        growth=0.03,
        dispersion=5.0,
        campaigns=(4.0, 15.0),
        duty=0.4,
    ),
    "reported_cyberattacks": Pattern(
        levels=_by_place("US 1.8, DE 0.6, FR 0.5, GB 0.4, CA 0.12, IT 0.1, JP 0.08, AU 0.08"),
        rest=0.006,
        season=0.2,
        peak=40,
        growth=0.1,
    ),
    "state_cyber_incidents": Pattern(
        levels=_by_place(
            "US 0.5, DE 0.35, FR 0.3, UA 0.4, GB 0.25, PL 0.15, KR 0.1, TW 0.1, IL 0.1",
            unlocated=0.1,
        ),
        rest=0.005,
        growth=0.0,
        campaigns=(1.0, 6.0),
    ),
    "internet_shutdowns": Pattern(
        levels=_by_place("IN 0.8, MM 0.5, PK 0.25, IR 0.25, RU 0.2, DZ 0.06, KE 0.06, VN 0.04"),
        season=0.3,
        peak=26,
        dispersion=3.0,
        campaigns=(1.0, 5.0),
    ),
    "data_breaches": Pattern(levels={WORLD: 1.6}, season=0.1, dispersion=2.0, growth=0.1),
    "web_attack_hosts": Pattern(
        levels=_by_place(
            "US 5.0, CN 2.0, VN 1.5, GB 1.2, SG 1.1, NL 1.0, DE 1.0, BR 0.9, IN 0.6, SC 0.6, "
            "AE 0.5, KE 0.3, AR 0.25, RO 0.2, MX 0.1, EG 0.08, NG 0.05"
        ),
        growth=0.04,
        dispersion=4.0,
        wander=0.2,
    ),
    "honeypot_attackers": Pattern(
        levels=_by_place("US 5.0, CN 3.0, DE 1.6, SG 1.2, GB 0.9, BR 0.7, IN 0.7, PK 0.5, KE 0.1"),
        growth=0.0,
        dispersion=10.0,
    ),
    "reported_malicious_hosts": Pattern(
        levels=_by_place(
            "US 3.0, CN 1.4, RU 0.8, DE 0.8, SG 0.6, GB 0.4, JP 0.4, NL 0.3, BR 0.25, SC 0.2",
            unlocated=9.0,
        ),
        growth=-0.1,
        dispersion=8.0,
        wander=0.2,
    ),
}
