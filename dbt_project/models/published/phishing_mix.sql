with

phishing_mix as (
    select * from {{ ref('fct_phishing_mix') }}
),

final as (
    select
        week,
        kind,
        category,
        urls,
        share
    from phishing_mix
)

select * from final
