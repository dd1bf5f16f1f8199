"""From a published number back to its run, and from the run's artefacts to the same number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from in_process import threatcast
from threatcast_orchestration.commands.standing import standing_of
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.tracking import open_store
from threatcast_publishing.query import run_query

TARGET = "ransomware_claims"
_PUBLISHED = f"""
    SELECT location, horizon, quantile, value FROM forecast
    INNER JOIN outlook USING (target, location)
    WHERE target = '{TARGET}' AND forecast.model = 'champion' AND evidence_grade <> 'C'
    ORDER BY location, horizon, quantile
"""


@pytest.fixture(scope="module")
def home(sample_home: Path) -> Home:
    return Home(sample_home)


@pytest.fixture
def client(home: Home) -> Iterator[Any]:
    with open_store(home) as opened:
        yield opened


def test_published_number_leads_to_its_run_its_data_and_its_commit(home: Home, client: Any) -> None:
    source = standing_of(home).source(TARGET)
    run = client.get_run(source["mlflow_run_id"])
    (run_id,) = run_query(
        home.releases, f"SELECT DISTINCT run_id FROM outlook WHERE target = '{TARGET}' "
        "AND run_id IS NOT NULL"
    ).data.to_pylist()  # fmt: skip
    assert run_id["run_id"] == source["run_id"] == run.data.tags["threatcast.run_id"]
    assert source["commit"] == run.data.tags["threatcast.commit"]
    assert source["vintage_hash"] == run.data.tags["threatcast.vintage_hash"]
    assert run.inputs.dataset_inputs[0].dataset.name == "panel"


def test_registered_model_gives_the_published_quantiles_again(home: Home, client: Any) -> None:
    import mlflow

    folder = Path(standing_of(home).source(TARGET)["artifacts"].removeprefix("file://"))
    given = [pd.read_parquet(folder / "tables" / f"{name}.parquet") for name in ("panel", "known")]
    version = client.get_model_version_by_alias(f"threatcast-{TARGET}", "champion")
    assert version.tags["threatcast.model"] == "champion"
    model = mlflow.pyfunc.load_model(f"models:/threatcast-{TARGET}@champion")
    made = model.predict(pd.concat(given))
    made = made[made["target"] == TARGET].assign(quantile=made["output_type_id"].astype(float))
    published = run_query(home.releases, _PUBLISHED).data.to_pandas()
    keys = ["location", "horizon", "quantile"]
    both = published.merge(made, on=keys, suffixes=("", "_again"), how="left")
    assert len(both) == len(published) > 12 * 23
    assert (both["value"] == both["value_again"]).all()


def test_challengers_are_registered_beside_the_champions(home: Home, client: Any) -> None:
    for target in standing_of(home).targets:
        (known,) = client.search_registered_models(f"name = 'threatcast-{target}'")
        assert set(known.aliases) == {"champion", "challenger"}


def test_release_tells_what_was_decided_and_shows_one_model_until_there_is_a_change(
    home: Home,
) -> None:
    decisions = run_query(home.releases, "FROM model_decisions ORDER BY target").data.to_pylist()
    assert [row["target"] for row in decisions] == standing_of(home).targets
    for row in decisions:
        assert (row["action"], row["model_before"]) == ("keep", "champion")
        assert row["scaled_wis"] > 0
        assert row["challenger_scaled_wis"] > 0
    differing = run_query(
        home.releases,
        "SELECT count(*) AS n FROM outlook_by_model AS one FULL JOIN "
        "(FROM outlook WHERE state = 'published') AS shown USING (target, location) "
        "WHERE one.expected_4w IS DISTINCT FROM shown.expected_4w OR one.role <> 'published'",
    ).data.to_pylist()
    assert differing == [{"n": 0}]


def test_models_list_of_a_real_home_names_version_and_challenger(home: Home) -> None:
    done = threatcast("models", "list", "--home", home.root, cwd=home.root.parent)
    assert done.returncode == 0
    assert TARGET in done.stdout
    assert "champion" in done.stdout
