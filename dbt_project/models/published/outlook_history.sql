-- the columns are those of the contract, which dbt enforces
select * from {{ source("history", "outlook_history") }}  -- noqa: AM04
