-- Three targets and five places on which every rule of the suites holds. As-of Saturday 2026-08-22:
-- the newest complete week is 2026-08-10. The empty tables of the schemas forecasts, live and
-- history are made before, from their own definitions.
CREATE SCHEMA raw;
CREATE SCHEMA marts;
CREATE SCHEMA published;
CREATE SCHEMA IF NOT EXISTS intermediate;
CREATE TABLE intermediate.int_far_values AS
SELECT 'list' AS feed, 'abc' AS payload, 'day' AS column_name, 1 AS records WHERE false;
CREATE TABLE raw.run_context AS SELECT DATE '2026-08-22' AS as_of, DATE '2026-08-22' AS last_day, '' AS mark;
CREATE TABLE marts.dim_targets AS
SELECT *, DATE '2026-06-29' AS series_start_world, 5.0 AS max_growth FROM (VALUES
    ('claims', 'list', 'hierarchy', DATE '2026-07-06', true),
    ('listings', 'list', 'world', NULL, true),
    ('mix', 'window', 'world', NULL, false)
) AS t (target, feed, levels, series_start_country, is_counted);
CREATE TABLE marts.dim_locations AS SELECT * FROM (VALUES
    ('WORLD', 'world', NULL), ('M49-150', 'region', 'WORLD'), ('DE', 'country', 'M49-150'),
    ('FR', 'country', 'M49-150'), ('UNLOCATED', 'unlocated', 'WORLD')
) AS t (location, location_level, parent);
CREATE TABLE marts.fct_weekly_counts AS
SELECT
    target, location, week,
    CASE
        WHEN week <> DATE '2026-07-20' THEN
            CASE location WHEN 'WORLD' THEN 5 WHEN 'M49-150' THEN 4 WHEN 'DE' THEN 4
                WHEN 'FR' THEN 0 ELSE 1 END
    END::INTEGER AS value,
    CASE WHEN week = DATE '2026-07-20' THEN 'missing' ELSE 'observed' END AS observation,
    DATE '2026-08-22' AS as_of
FROM marts.dim_targets
CROSS JOIN marts.dim_locations
CROSS JOIN (
    SELECT unnest(generate_series(DATE '2026-06-29', DATE '2026-08-10', INTERVAL 7 DAY))::DATE
) AS weeks (week)
WHERE is_counted AND (
    location = 'WORLD' OR (levels = 'hierarchy' AND week >= series_start_country)
);
CREATE TABLE marts.fct_seams AS
SELECT 'claims' AS target, '2026-08-20-abc' AS counted_by, 40 AS imported_weeks, 12 AS shared_weeks,
    9.0 AS own_level, 8.5 AS imported_level, own_level / imported_level AS ratio;
CREATE TABLE marts.fct_feed_health AS
SELECT *, DATE '2026-08-21' AS newest_vintage, CAST(NULL AS VARCHAR) AS reason
FROM (VALUES ('list', 'fresh'), ('window', 'fresh')) AS t (feed, state);
CREATE TABLE raw.feeds AS
SELECT feed, 10 AS fresh_days FROM marts.fct_feed_health;
CREATE TABLE marts.dim_series AS
SELECT
    target, location, location_level,
    CASE target WHEN 'mix' THEN 'withheld' ELSE
        CASE location WHEN 'FR' THEN 'insufficient_evidence' ELSE 'published' END
    END AS state,
    CASE state WHEN 'withheld' THEN 'fixed_size_window'
        WHEN 'insufficient_evidence' THEN '0 events' END AS reason,
    state = 'published' AS is_eligible,
    false AS borrows
FROM marts.dim_targets CROSS JOIN marts.dim_locations
WHERE levels = 'hierarchy' OR location = 'WORLD';

INSERT INTO forecasts.models (model) VALUES ('flat'), ('other');
INSERT INTO forecasts.forecast
SELECT target, location, model, DATE '2026-08-16', horizon, DATE '2026-08-10' + 7 * horizon,
    quantile, round(8 * quantile), ''
FROM marts.dim_series CROSS JOIN forecasts.models
CROSS JOIN (SELECT unnest(range(1, 13))::INTEGER) AS horizons (horizon)
CROSS JOIN (SELECT unnest([
    0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7,
    0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99
])) AS levels (quantile)
WHERE is_eligible;
INSERT INTO forecasts.outlook
SELECT target, location, 'flat', 'run', 'A', 16, 9, 24, 48, 30, 70, 0.4, 0.0, 'stable',
    0.1, 0.2, 0.4, 0.2, 0.1
FROM marts.dim_series WHERE is_eligible;

CREATE TABLE published.targets AS FROM marts.dim_targets;
CREATE TABLE published.locations AS FROM marts.dim_locations;
CREATE TABLE published.activity_weekly AS FROM marts.fct_weekly_counts;
CREATE TABLE published.feed_health AS FROM marts.fct_feed_health;
CREATE TABLE published.forecast AS
SELECT *, model = 'flat' AS is_published FROM forecasts.forecast;
CREATE TABLE published.forecast_published AS
SELECT * EXCLUDE (is_published) FROM published.forecast WHERE is_published;
CREATE TABLE published.model_changes AS FROM forecasts.model_changes;
CREATE TABLE published.nowcast_quantiles AS FROM forecasts.nowcast_quantiles;
CREATE TABLE published.models AS FROM forecasts.models;
CREATE TABLE published.scores AS
SELECT 'claims' AS target, 'DE' AS location, 'flat' AS model,
    DATE '2026-05-24' AS reference_date, 1 AS horizon, 'backtest' AS kind, 0.5 AS scaled_wis,
    true AS is_published;
INSERT INTO live.drift (target, scope, place, model, state) VALUES
    ('claims', 'location', 'DE', 'flat', 'ok'), ('claims', 'level', 'country', 'flat', 'ok');
CREATE TABLE published.drift AS FROM live.drift;
CREATE TABLE published.corrections AS FROM live.corrections;
CREATE TABLE published.level_shifts AS FROM forecasts.level_shifts;
CREATE TABLE published.warnings AS FROM live.warnings;
CREATE TABLE published.fairness AS FROM live.fairness;
INSERT INTO live.warning_outcomes (scope, scope_value) VALUES ('all', 'all');
CREATE TABLE published.warnings_closed AS FROM live.warnings_closed;
CREATE TABLE published.warning_outcomes AS FROM live.warning_outcomes;
CREATE TABLE published.drivers AS FROM forecasts.drivers;
CREATE TABLE published.outlook_mix AS FROM forecasts.outlook_mix;
CREATE TABLE published.probability_scores AS FROM forecasts.probability_scores;
CREATE TABLE published.reliability AS FROM forecasts.reliability;
CREATE TABLE published.ranks AS FROM forecasts.ranks;
CREATE TABLE published.skill AS
SELECT target, 'country' AS location_level, model, horizon FROM published.scores;
CREATE TABLE published.track_record AS
SELECT DISTINCT target, location, kind FROM published.scores;
CREATE TABLE published.track_record_summary AS
SELECT DISTINCT target, kind, 'all' AS scope, 'all' AS scope_value FROM published.scores;
CREATE TABLE published.data_vintages AS
SELECT 'list' AS feed, DATE '2026-08-22' AS vintage_day;
CREATE TABLE published.phishing_mix AS
SELECT DATE '2026-08-10' AS week, 'host_kind' AS kind, 'platform' AS category;
CREATE TABLE published.outlook AS
SELECT series.*, DATE '2026-08-22' AS as_of, 'Claims, somewhere: no outlook.' AS sentence,
    CASE WHEN series.is_eligible THEN 5.0 END AS usual_weekly,
    4 * usual_weekly AS usual_4w, 12 * usual_weekly AS usual_12w,
    outlooks.* EXCLUDE (target, location)
FROM marts.dim_series AS series
LEFT JOIN forecasts.outlook AS outlooks USING (target, location);
INSERT INTO history.outlook_history (release_id, target, location, as_of, state)
SELECT '2026-08-21-abc', target, location, DATE '2026-08-21', state FROM published.outlook
UNION ALL
SELECT '2026-08-20-abc', 'claims', 'DE', DATE '2026-08-20', 'published';
CREATE TABLE published.outlook_history AS FROM history.outlook_history;
