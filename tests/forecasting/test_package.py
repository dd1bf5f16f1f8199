"""The package as a whole: lazy names, examples in docstrings, errors."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest
import threatcast_forecasting
from threatcast_forecasting import errors

MODULES = [
    module.name
    for module in pkgutil.walk_packages(threatcast_forecasting.__path__, "threatcast_forecasting.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_right(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", threatcast_forecasting.__all__)
def test_public_names_are_what_they_say_in_any_order_of_imports(name):
    """A module must not stand where a function of the same name is expected."""
    value = getattr(threatcast_forecasting, name)
    assert value.__name__ == name
    assert callable(value)


def test_importing_the_package_loads_neither_numpy_nor_pandas():
    code = "import sys, threatcast_forecasting; print({'numpy', 'pandas'} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "set()"


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        threatcast_forecasting.nothing  # noqa: B018


@pytest.mark.parametrize("kind", [errors.PanelError, errors.OriginError, errors.ModelError])
def test_every_error_is_of_one_tree_and_reads_as_sentences(kind):
    error = kind("series a", "it is odd", "Mend it")
    assert isinstance(error, errors.ForecastError)
    assert str(error) == "series a: it is odd. Mend it."
    assert str(kind("", "it is odd")) == "it is odd."
