"""The night as Dagster's steps are given it: the plan, and the home's lock around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import dagster as dg
from dagster import ConfigurableResource, InitResourceContext
from pydantic import Field, PrivateAttr

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.feed_steps.beginning import begin
from threatcast_orchestration.feed_steps.visits import Visits
from threatcast_orchestration.nightly.days import day_of_run
from threatcast_orchestration.nightly.dead_runs import close_dead_runs
from threatcast_orchestration.run.plan import Plan, make_plan
from threatcast_orchestration.run.settings import home_path, load_settings, quiet_environment
from threatcast_orchestration.sharing.work import working_in
from threatcast_orchestration.warehouse.night_file import show


class Night(ConfigurableResource["Night"]):
    """Settings of one run; empty fields take the home's own settings.

    A run from the UI and one from the command line go through here alike.
    """

    home: str = Field(default="", description="Folder of the home; empty: THREATCAST_HOME.")
    source: str = Field(default="", description="live, mirror or sample; empty: the settings'.")
    mirror: str = Field(default="", description="Folder of recorded feeds, for source mirror.")
    as_of: str = Field(
        default="",
        description="Day (YYYY-MM-DD) whose knowledge counts; empty: that of the run's partition.",
    )
    correction: str = Field(
        default="", description="Why a forecast is published again; the archive keeps it."
    )

    _plan: Plan | None = PrivateAttr(default=None)
    _visits: Visits | None = PrivateAttr(default=None)
    _partition: str = PrivateAttr(default="")

    @classmethod
    def of(cls, plan: Plan) -> Night:
        """Return the night of a plan that is made already."""
        night = cls()
        night._plan = plan
        return night

    @property
    def plan(self) -> Plan:
        """What this run works with; resolved on first use."""
        if self._plan is None:
            home = home_path(self.home or None)
            quiet_environment(home)
            flags = {
                key: value
                for key in ("source", "mirror", "correction")
                if (value := getattr(self, key))
            }
            if day := self._day():
                flags["as_of"] = day
            self._plan = make_plan(home, load_settings(home, flags))
            home.bind_source(self._plan.source)
        return self._plan

    @property
    def visits(self) -> Visits:
        """What this run asks the sources."""
        if self._visits is None:
            self._visits = Visits(self.plan)
        return self._visits

    def _day(self) -> str:
        """Return the as-of day of the run: its partition's, which the config may only repeat."""
        if self.as_of and self._partition and self.as_of != self._partition:
            raise WrongUse(
                f"This run was launched for the partition {self._partition}, and its config says "
                f"as_of: {self.as_of}. Nothing was changed. Leave as_of empty, or launch the "
                f"partition {self.as_of}."
            )
        return self.as_of or self._partition

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[Night]:
        """Hold the home's lock from the first step to the last, and clear up after the dead.

        A new home is given its past first; the command line has done so for a plan of its own.
        """
        self._partition = day_of_run(context.run.tags) if context.run is not None else ""
        is_begun = self._plan is not None
        with working_in(self.plan.home, borrow=True):
            if context.instance is not None and context.run is not None:
                close_dead_runs(context.instance, context.run.run_id)
            try:
                if not is_begun:
                    begin(self.plan, partial(_say, context))
                yield self
            finally:
                self.visits.end()
                show(self.plan.home)


def _say(context: InitResourceContext, text: str) -> None:
    if context.log is not None:
        context.log.info(text)


def handed_down(plan: Plan) -> dg.ResourceDefinition:
    """Return the resource of a run that is made in this process, with its plan as it is.

    The run's config changes nothing in it: that is for a run again from the history, which plans
    for itself.
    """

    def night(context: InitResourceContext) -> Iterator[Night]:
        with Night.of(plan).yield_for_execution(context) as held:
            yield held

    return dg.ResourceDefinition(night, config_schema=Night.to_config_schema())


def config_of(plan: Plan) -> dict[str, str]:
    """Return what a run's config says of its plan.

    Without the home's place: a run that is started again from the history of a home that was moved
    must not work in the old one.
    """
    return {
        "source": plan.source,
        "mirror": str(plan.mirror or ""),
        "as_of": plan.as_of.isoformat(),
        "correction": plan.settings.correction,
    }
