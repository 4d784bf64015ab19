"""PostgreSQL as a home of logs: one read-only snapshot, asked through ibis."""

from collections.abc import Mapping
from typing import Any

from desireline.log.address import Address


class Postgres:
    """A connection to the database of an address, and what is special about its SQL."""

    def __init__(self, address: Address) -> None:
        import ibis
        import psycopg

        self.faults = (psycopg.Error, OSError)
        self.udf = ibis.udf.scalar.builtin
        given: Mapping[str, Any] = {"host": address.host, "port": address.port, "user": address.user}
        known = {key: value for key, value in given.items() if value}
        options = {"connect_timeout": "10", "application_name": "desireline", **address.options}
        self.connection = psycopg.connect(dbname=address.database, **known, **options)
        self.connection.read_only = True
        self.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self.ibis = ibis.postgres.from_connection(self.connection)

    def close(self) -> None:
        self.connection.close()

    def table(self, address: Address) -> Any:
        return self.ibis.table(address.table, database=address.schema)

    def fetch(self, expression: Any) -> list[tuple[Any, ...]]:
        """Return the rows of an answer."""
        rows: list[tuple[Any, ...]] = self.connection.execute(self.ibis.compile(expression)).fetchall()
        return rows

    def label(self, text: Any) -> Any:
        """Return text as bytes, which sort in the same order in every database."""
        import ibis.expr.datatypes as dt

        @self.udf(name="convert_to", signature=((dt.string, dt.string), dt.binary))
        def encoded(text, encoding):  # type: ignore[no-untyped-def]
            ...

        return encoded(text, "UTF8")

    def instant(self, time: Any, zone: str) -> Any:
        """Return microseconds since 1970 UTC of times of the warehouse; those without a zone are local in `zone`."""
        import ibis.expr.datatypes as dt

        @self.udf(name="date_part", signature=((dt.string, time.type()), dt.float64))
        def seconds(part, time):  # type: ignore[no-untyped-def]
            ...

        @self.udf(name="timezone", signature=((dt.string, time.type()), dt.Timestamp(timezone="UTC")))
        def local(zone, time):  # type: ignore[no-untyped-def]
            ...

        if time.type().timezone is None and zone != "UTC":
            return self.instant(local(zone, time), "UTC")
        return (seconds("epoch", time) * 1_000_000).round().cast("int64")

    def traces(self, label: Any, place: Any) -> Any:
        """Return the aggregate that lists labels in the order of their places."""
        return label.collect(order_by=place)

    def kept(self, events: Any) -> Any:
        """Return the same table: nothing is written to the database."""
        return events
