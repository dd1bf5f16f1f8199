"""Gates: what must hold before numbers go on, written as Great Expectations suites in YAML.

`suites` reads the YAML, `runner` runs it on small frames, `records` keeps the results and the
Data Docs, `checks` hands them to Dagster. The rules themselves live in `suites/*/*.yaml`, and a
feed's in its catalog folder.
"""
