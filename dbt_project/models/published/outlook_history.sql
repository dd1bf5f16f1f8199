select * from {{ source("history", "outlook_history") }}
