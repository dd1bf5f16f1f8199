"""What several machines share: one store of landing, records and releases, and who may write it.

`shared_store` is the only module that knows fsspec, `lease` says whose turn it is, `head` what the
store holds, `exchange` brings it into a home and hands over what came. No number is computed here.
"""
