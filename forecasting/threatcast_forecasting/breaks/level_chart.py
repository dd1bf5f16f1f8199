"""A chart that follows counts week by week and says when their level shifted for good.

The generalised likelihood ratio chart for counts of Hoehle and Paul (2008),
doi:10.1016/j.csda.2008.02.015, vectorised over series, with a negative binomial whose dispersion is
estimated, and with four additions that real feeds ask for:

- the ratio is divided by the inflation that autocorrelation gives to the variance of a mean;
- a week far above its level counts for no more than a cap, so that one dump moves no level;
- a move that the same weeks of the last two years made too is a season;
- a change that is undone within `SHORT` weeks is taken back: it was a burst, or a hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

SPANS = (3, 4, 6, 8, 11, 15, 20, 26)
"""Observed weeks that a new level may have lasted when it is noticed."""
LEAST_REFERENCE, REFERENCE, NEAR = 8, 26, 13
"""Fewest and most observed weeks of the old level that a new one is held against, and how many of
them are near: a slow trend is far from what was, but not from the near past."""
RATIO = 1.5
"""Least change of level, up or down, after `LITTLE` is added to both."""
LITTLE = 0.2
USUAL_DISPERSION = 0.1
PRIOR_WEEKS = 4
"""Weeks that the dispersion believed before counts for beside the weeks seen."""
CAP, NEW_CAP = 2.5, 4.0
"""Standard deviations above its level at which a week's count is capped: as part of the level that
was, and as part of one that may have begun."""
HALF_TRUST = 52
"""Weeks at which half of an estimated autocorrelation is believed."""
RARE = 1e-4
"""Probability of a count as high as a dump, or higher, under the level before it."""
SHORT = 4
"""Most weeks that a burst or a hole lasts."""
YEAR = 52
NOISE = 0.25
"""Share of a move below which last year's like is no season."""


@dataclass
class Regime:
    """A shift that may yet be taken back: what was believed before it."""

    start: int
    level: float
    dispersion: float


class LevelChart:
    """The state of the chart; `run` goes through the weeks once.

    Missing weeks are left out first: rows hold observed weeks alone ("places"), and `column` says
    where in the calendar these were.

    Parameters
    ----------
    values : float array, shape (n, t)
        Counts a week, oldest first; NaN where missing.
    evidence : float
        Least log likelihood ratio of two levels against one.
    """

    def __init__(self, values: Floats, evidence: float) -> None:
        counts = np.asarray(values, dtype=np.float64)
        missing = np.isnan(counts)
        n, t = counts.shape
        self.evidence = evidence
        self.column = np.argsort(missing, axis=1, kind="stable")
        self.length = (~missing).sum(axis=1)
        self.counts = np.nan_to_num(np.take_along_axis(counts, self.column, axis=1))
        self.calendar = np.zeros((2, n, t + 1))
        np.cumsum(np.nan_to_num(counts), axis=1, out=self.calendar[0, :, 1:])
        np.cumsum(~missing, axis=1, out=self.calendar[1, :, 1:])
        self.start = np.zeros(n, dtype=np.intp)
        self.dispersion = np.full(n, USUAL_DISPERSION)
        self.odd = np.zeros((n, t), dtype=bool)
        self.capped = np.zeros((t, n))
        # running sums of capped counts, of their squares, of their products with the three before,
        # and of counts capped as those of a new level
        self.sums = np.zeros((t + 1, 6, n))
        self.before: dict[int, Regime] = {}
        self.rows: dict[tuple[int, int], tuple[float, float, float, float]] = {}

    def run(self) -> LevelChart:
        """Go through the weeks once; what is believed of a week rests on weeks up to it."""
        for place in range(int(self.length.max(initial=0))):
            live = np.flatnonzero(self.length > place)
            self._take_in(live, place)
            self._take_back(place)
            self._notice(live, place)
        return self

    def _take_in(self, rows: Ints, place: int) -> None:
        """Add a week, capped by what its regime so far makes likely."""
        first = np.maximum(self.start[rows], place - REFERENCE)
        level, dispersion, _ = self._moments(rows, first, place)
        count = self.counts[rows, place]
        spread = np.sqrt(level + dispersion * level**2)
        settled = place - self.start[rows] >= LEAST_REFERENCE
        caps = [np.where(settled, level + 2 + many * spread, np.inf) for many in (CAP, NEW_CAP)]
        high = np.flatnonzero(count > caps[1])
        if len(high):
            rare = upper_tail(count[high], level[high], dispersion[high]) < RARE
            self.odd[rows[high], place] = rare
        self._store(rows, place, np.minimum(count, caps[0]), np.minimum(count, caps[1]))

    def _store(self, rows: Ints, place: int, capped: Floats, new: Floats) -> None:
        self.capped[place, rows] = capped
        added = np.zeros((6, len(rows)))
        added[0], added[1], added[5] = capped, capped * capped, new
        for lag in range(1, min(place, 3) + 1):
            added[1 + lag] = capped * self.capped[place - lag, rows]
        self.sums[place + 1][:, rows] = self.sums[place][:, rows] + added

    def _moments(self, rows: Ints, first: Ints, last: int) -> tuple[Floats, Floats, Floats]:
        """Return level, dispersion and inflation of the capped weeks `first` to before `last`."""
        weeks = np.maximum(last - first, 1).astype(np.float64)
        sums = self.sums[last][:, rows] - self.sums[first, :, rows].T
        level = sums[0] / weeks
        spread = sums[1] - level * sums[0]
        excess = np.maximum(spread - sums[0], 0.0) / np.maximum(level**2, 1e-9)
        dispersion = (PRIOR_WEEKS * self.dispersion[rows] + excess) / (PRIOR_WEEKS + weeks)
        correlation = np.clip((sums[2:5] - level * sums[0]) / np.maximum(spread, 1e-9), 0, 1)
        trusted = weeks / (weeks + HALF_TRUST)
        inflation = 1 + 2 * trusted * (np.array([0.75, 0.5, 0.25]) @ correlation)
        return level, np.clip(dispersion, 1e-3, 5.0), inflation

    def _notice(self, live: Ints, place: int) -> None:
        """Begin a new regime where the newest weeks stand at another level."""
        best = np.full(len(live), self.evidence)
        span = np.zeros(len(live), dtype=np.intp)
        for weeks in SPANS:
            cut = place + 1 - weeks
            able = np.flatnonzero(cut - self.start[live] >= LEAST_REFERENCE)
            if not len(able):
                break
            found = self._evidence(live[able], cut, place + 1)
            better = found > best[able]
            best[able[better]] = found[better]
            span[able[better]] = weeks
        for which in np.flatnonzero(span):
            self._begin(int(live[which]), place, int(span[which]), float(best[which]))

    def _evidence(self, rows: Ints, cut: int, end: int) -> Floats:
        """Return evidence that weeks from `cut` on stand at another level; 0 if it is near."""
        total, fresh = self.sums[:, 0], self.sums[:, 5]
        first = np.maximum(self.start[rows], cut - REFERENCE)
        near = np.maximum(first, cut - NEAR)
        until = total[cut, rows]
        newest = np.log((fresh[end, rows] - fresh[cut, rows]) / (end - cut) + LITTLE)
        far = np.abs(newest - np.log((until - total[first, rows]) / (cut - first) + LITTLE))
        local = np.abs(newest - np.log((until - total[near, rows]) / (cut - near) + LITTLE))
        result = np.zeros(len(rows))
        moved = np.flatnonzero(np.minimum(far, local) >= np.log(RATIO))
        if len(moved):
            result[moved] = self._ratio(rows[moved], first[moved], cut, end)
            strong = moved[result[moved] > self.evidence]
            result[strong] *= (1 - self._season(rows[strong], first[strong], cut, end)) ** 2
        return result

    def _ratio(self, rows: Ints, first: Ints, cut: int, end: int) -> Floats:
        _, dispersion, inflation = self._moments(rows, first, cut)
        size = 1 / dispersion
        total, fresh = self.sums[:, 0], self.sums[:, 5]
        old, new = total[cut, rows] - total[first, rows], fresh[end, rows] - fresh[cut, rows]
        weeks, more = (cut - first).astype(np.float64), float(end - cut)
        two = log_likelihood(old, weeks, size) + log_likelihood(new, more, size)
        return np.asarray((two - log_likelihood(old + new, weeks + more, size)) / inflation)

    def _season(self, rows: Ints, first: Ints, cut: int, end: int) -> Floats:
        """Return which share of the move the same weeks of the last years made too, 0 to 1.

        Evidence goes with the square of a move.
        """
        start, middle = self.column[rows, first], self.column[rows, cut]
        after = self.column[rows, end - 1] + 1
        moved = self._move(rows, start, middle, (middle, after))
        past = np.stack(
            [
                self._move(rows, start - back, middle - back, (middle - back - 1, after - back + 1))
                for back in (YEAR, 2 * YEAR)
            ]
        )
        usual = past.sum(axis=0) / np.maximum((past != 0).sum(axis=0), 1)
        share = np.clip(usual / np.where(moved == 0, 1, moved), 0, 1)
        return np.asarray(np.where(share < NOISE, 0.0, share))

    def _move(self, rows: Ints, start: Ints, stop: Ints, then: tuple[Ints, Ints]) -> Floats:
        """Return the log ratio of two stretches of the calendar, 0 where one is not known."""
        before, after = self._mean(rows, start, stop), self._mean(rows, *then)
        return np.asarray(np.where(start >= 0, np.log((after + LITTLE) / (before + LITTLE)), 0.0))

    def _mean(self, rows: Ints, first: Ints, last: Ints) -> Floats:
        """Return the mean of observed weeks between two columns of the calendar; 0 if none."""
        first, last = np.maximum(first, 0), np.maximum(last, 0)
        total = self.calendar[:, rows, last] - self.calendar[:, rows, first]
        return np.asarray(total[0] / np.maximum(total[1], 1))

    def _begin(self, row: int, place: int, weeks: int, evidence: float) -> None:
        begin = place + 1 - weeks
        first = max(int(self.start[row]), begin - REFERENCE)
        level, dispersion, _ = self._moments(np.array([row]), np.array([first]), begin)
        recent = self.counts[row, first : place + 1]
        cut = first + likeliest_cut(recent, begin - first, 1 / float(dispersion[0]))
        new = self.counts[row, cut : place + 1]
        self.before[row] = Regime(
            int(self.start[row]), float(level[0]), float(self.dispersion[row])
        )
        self.dispersion[row] = dispersion[0]
        self.start[row] = cut
        self.rows[row, cut] = (place, float(level[0]), float(new.mean()), evidence)
        # under the new level other weeks are odd
        cap = 3 * float(np.median(new)) + 3
        self.odd[row, cut : place + 1] = new > cap
        self._restate(row, cut, np.minimum(new, cap))

    def _restate(self, row: int, first: int, counts: Floats) -> None:
        for place, count in enumerate(counts, first):
            self._store(np.array([row]), place, np.array([count]), np.array([count]))

    def _take_back(self, place: int) -> None:
        """Return to the regime before where a change was undone within `SHORT` weeks."""
        for row in list(self.before):
            cut, old = int(self.start[row]), self.before[row]
            if place >= self.length[row] or place - cut > SHORT + 2:
                del self.before[row]
                continue
            undone = self._undone(row, cut, place, old.level)
            if undone:
                del self.before[row], self.rows[row, cut]
                self.start[row], self.dispersion[row] = old.start, old.dispersion
                lasted = self.counts[row, cut:undone]
                self.odd[row, cut:undone] = lasted > 1.5 * old.level
                since = self.counts[row, undone : place + 1]
                self._restate(row, cut, np.r_[np.full(len(lasted), old.level), since])

    def _undone(self, row: int, cut: int, place: int, level: float) -> int:
        """Return the place from which a series stands at its old level again, or 0."""
        size = 1 / self.dispersion[row]
        for back in range(max(cut + 1, place - 2), place):
            since, lasted = self.counts[row, back : place + 1], self.counts[row, cut:back]
            old, new = (likelihood_at(since, mean, size) for mean in (level, lasted.mean()))
            own = likelihood_at(since, since.mean(), size)
            if back - cut <= SHORT and old - new > 3.0 and own - old < 3.0:
                return back
        return 0


def log_likelihood(total: Floats, weeks: Floats | float, size: Floats | float) -> Floats:
    """Return the part of a negative binomial's log likelihood that its level decides.

    The level is the mean; with a known size (1 / dispersion) the sum of the counts is sufficient.
    """
    level = np.maximum(total / weeks, 1e-9)
    return np.asarray(total * np.log(level) - (total + weeks * size) * np.log(level + size))


def likeliest_cut(counts: Floats, near: int, size: float) -> int:
    """Return where two levels part best, within `SHORT` weeks of a first guess."""
    cuts = np.arange(max(near - SHORT, 1), min(near + SHORT, len(counts) - 2) + 1)
    total = np.cumsum(np.minimum(counts, 3 * np.median(counts[near:]) + 3))
    old = total[cuts - 1]
    fit = log_likelihood(old, cuts.astype(np.float64), size)
    more = (len(counts) - cuts).astype(np.float64)
    return int(cuts[np.argmax(fit + log_likelihood(total[-1] - old, more, size))])


def likelihood_at(counts: Floats, level: float, size: float) -> float:
    """Return the log likelihood of counts at a level, up to what the level does not change."""
    mean = max(float(level), 0.05)
    return float((counts * np.log(mean) - (counts + size) * np.log(mean + size)).sum())


def upper_tail(counts: Floats, level: Floats, dispersion: Floats) -> Floats:
    """Return the probability of a count as high or higher under a negative binomial."""
    from scipy.special import betainc

    size = 1 / dispersion
    return np.asarray(betainc(counts, size, level / (level + size)))
