"""Pairing of lifecycle rows: schedule, start and complete become one event with enabled, start and end.

First in, first out, within case, activity and resource, then within case and activity. Walking through the rows in
time, an opening adds one and a closing takes one away; a closing that would bring the balance below zero has nothing to
close. The balance reflected at zero is the running sum minus its running minimum, so all of it is window functions.

A suspension lies within its event, from start to end; how long it was, is an attribute of the event.
"""

import duckdb

SUSPENSIONS = ("suspend", "resume")
WITHDRAWALS = ("withdraw", "autoskip", "manualskip")
UNUSED = ("assign", "reassign")
PASSED_OVER = (*UNUSED, *SUSPENSIONS, *WITHDRAWALS)  # none of them makes an event
KNOWN = ("schedule", "start", "complete", "ate_abort", "pi_abort", *PASSED_OVER)
SUSPENDED = "suspended_s"


def is_paired(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the table `rows` has lifecycle rows that open something."""
    query = "SELECT count(*) FROM rows WHERE bad IS NULL AND lifecycle IN ('schedule', 'start')"
    return bool(connection.execute(query).fetchall()[0][0])


def pair(connection: duckdb.DuckDBPyConnection, attributes: list[str]) -> dict[str, str]:
    """Fill the table `events` from the lifecycle rows of `rows`; return the attributes it got besides.

    Its columns are `spot` (of the START row, else of the COMPLETE row), `case_id`, `activity`, `enabled`, `start`,
    `end`, `open`, the labels and `attributes`; with suspensions, seconds suspended. The tables `begun` (SCHEDULE to
    START, or to its withdrawal), `ended` (START to COMPLETE) and `paused` (SUSPEND to RESUME), each with `opening` and
    `closing`, stay for the quality report.
    """
    connection.execute(
        f"""CREATE TEMP TABLE marks AS
        SELECT spot, dense_rank() OVER (ORDER BY case_id, activity) AS visit,
               dense_rank() OVER (ORDER BY resource) AS who, start AS t,
               CASE WHEN lifecycle IN ('schedule', 'start', 'suspend', 'resume') THEN lifecycle
                    WHEN lifecycle IN ({_quoted(WITHDRAWALS)}) THEN 'withdraw' ELSE 'complete' END AS mark
        FROM rows WHERE bad IS NULL AND (lifecycle IS NULL OR lifecycle NOT IN ({_quoted(UNUSED)}))"""
    )
    _match(connection, "ended", "start", "complete")
    _match(connection, "begun", "schedule", "start", "withdraw")
    _match(connection, "paused", "suspend", "resume")
    labels = ", ".join(f"coalesce(s.{c}, e.{c}) AS {c}" for c in ("resource", "pool", "channel", "customer"))
    values = "".join(f", coalesce(e.{c}, s.{c}, d.{c}) AS {c}" for c in attributes)
    connection.execute(
        f"""CREATE TEMP TABLE events AS
        SELECT s.spot, s.case_id, s.activity, d.start AS enabled, s.start,
               CASE WHEN m.mark = 'complete' THEN s.start ELSE e.start END AS "end",
               m.mark = 'start' AND e.spot IS NULL AS open, {labels}{values}
        FROM marks m JOIN rows s ON s.spot = m.spot
        LEFT JOIN ended ON ended.opening = m.spot LEFT JOIN rows e ON e.spot = ended.closing
        LEFT JOIN begun ON begun.closing = m.spot LEFT JOIN rows d ON d.spot = begun.opening
        WHERE m.mark = 'start' OR (m.mark = 'complete' AND m.spot NOT IN (SELECT closing FROM ended))
        ORDER BY s.spot"""
    )
    return _suspend(connection)


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _suspend(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Add to `events` the seconds each was suspended, where there are suspensions; return the name of the column.

    A suspension belongs to the last start of its case and activity before it; without a resumption it lasts to the end.
    """
    if not connection.execute("SELECT count(*) FROM marks WHERE mark = 'suspend'").fetchall()[0][0]:
        return {}
    connection.execute(
        """CREATE TEMP TABLE pauses AS
        SELECT b.spot, s.t AS since, r.t AS until
        FROM marks s ASOF JOIN (SELECT * FROM marks WHERE mark = 'start') b ON b.visit = s.visit AND b.t <= s.t
        LEFT JOIN paused ON paused.opening = s.spot LEFT JOIN marks r ON r.spot = paused.closing
        WHERE s.mark = 'suspend'"""
    )
    connection.execute("ALTER TABLE events ADD COLUMN suspended DOUBLE")
    connection.execute(
        """UPDATE events SET suspended = (
            SELECT sum(greatest(coalesce(least(until, events."end"), until, events."end") - since, 0)) / 1e6
            FROM pauses WHERE pauses.spot = events.spot)
        WHERE spot IN (SELECT spot FROM pauses)"""
    )
    return {"suspended": SUSPENDED}


def _match(connection: duckdb.DuckDBPyConnection, name: str, opening: str, *closings: str) -> None:
    """Fill the table `name` with the pairs (opening, closing) of row numbers."""
    connection.execute(f"""CREATE TEMP TABLE {name} AS {_matching("visit, who", opening, closings, "marks")}""")
    connection.execute(
        f"""CREATE TEMP TABLE unmatched AS SELECT * FROM marks
        WHERE spot NOT IN (SELECT opening FROM {name} UNION ALL SELECT closing FROM {name})"""
    )
    connection.execute(f"""INSERT INTO {name} {_matching("visit", opening, closings, "unmatched")}""")
    connection.execute("DROP TABLE unmatched")


def _matching(keys: str, opening: str, closings: tuple[str, ...], table: str) -> str:
    """Return the query for the pairs of openings and closings in a queue per `keys`."""
    return f"""
        WITH steps AS (
            SELECT spot, {keys}, t, mark = '{opening}' AS opens, CASE WHEN mark = '{opening}' THEN 1 ELSE -1 END AS step
            FROM {table} WHERE mark IN ({_quoted((opening, *closings))})),
        walked AS (
            SELECT *, sum(step) OVER (PARTITION BY {keys} ORDER BY t, spot ROWS UNBOUNDED PRECEDING) AS balance
            FROM steps),
        floors AS (
            SELECT *, least(0, min(balance) OVER (PARTITION BY {keys} ORDER BY t, spot ROWS UNBOUNDED PRECEDING)) AS low
            FROM walked),
        reflected AS (
            SELECT *, lag(low, 1, 0) OVER (PARTITION BY {keys} ORDER BY t, spot) AS low_before FROM floors),
        numbered AS (
            SELECT *, row_number() OVER (PARTITION BY {keys}, opens ORDER BY t, spot) AS n
            FROM reflected WHERE opens OR low = low_before)
        SELECT o.spot AS opening, c.spot AS closing
        FROM (SELECT * FROM numbered WHERE opens) o JOIN (SELECT * FROM numbered WHERE NOT opens) c
        USING ({keys}, n)"""
