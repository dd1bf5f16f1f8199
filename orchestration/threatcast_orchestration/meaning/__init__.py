"""Gates that guard meaning: what a payload would change, held against the feed's own past.

    facts     what the records of a feed are, as its gate's YAML declares it
    copies    raw Parquet files to arrays
    compare   two copies to measures
    memory    what believed copies have taught: usual numbers, mixes, shares
    checks    which measures are bounded, and how much is too much
    verdict   measures to findings, findings to a state
    bench     what is believed of one feed, and what the next copy is held against
    state     a bench as bytes, kept from night to night
    judge     all copies of a feed, one after another; begin there

No Dagster, no warehouse, no clock.
"""
