"""Spark as a home of logs: a cluster, or a session on this machine, asked through ibis."""

import socket
from typing import Any

from desireline.log.address import Address

_QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}


class Spark:
    """A session at an address, and what is special about its SQL."""

    def __init__(self, address: Address) -> None:
        import ibis
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException, PySparkRuntimeError
        from pyspark.sql import SparkSession

        self.faults = (PySparkException, PySparkRuntimeError, Py4JError, OSError)
        self.udf = ibis.udf.scalar.builtin
        builder = SparkSession.builder.appName("desireline")
        for key, value in (_QUIET | dict(address.options)).items():
            builder = builder.config(key, value)
        if address.host:
            socket.create_connection((address.host, address.port or 7077), timeout=10).close()
            builder = builder.master(f"spark://{address.host}:{address.port or 7077}")
        self.owned = SparkSession.getActiveSession() is None
        self.session = SparkSession.getActiveSession() or builder.getOrCreate()
        self.ibis = ibis.pyspark.connect(self.session)

    def close(self) -> None:
        if self.owned:
            self.session.stop()

    def table(self, address: Address) -> Any:
        if address.schema is None and "/" in address.table:
            return self.ibis.read_parquet(address.table)
        return self.ibis.table(address.table, database=address.schema)

    def fetch(self, expression: Any) -> list[tuple[Any, ...]]:
        """Return the rows of an answer."""
        return [tuple(row) for row in self.session.sql(self.ibis.compile(expression)).collect()]

    def label(self, text: Any) -> Any:
        """Return text; Spark sorts it by its bytes."""
        return text

    def instant(self, time: Any, zone: str) -> Any:
        """Return microseconds since 1970 UTC of times of the warehouse; those without a zone are local in `zone`.

        Where the clock is set back Spark takes the earlier time; the hour after it tells the later one.
        """
        import ibis
        import ibis.expr.datatypes as dt

        @self.udf(name="unix_micros", signature=((dt.Timestamp(timezone="UTC"),), dt.int64))
        def micros(time):  # type: ignore[no-untyped-def]
            ...

        @self.udf(name="to_utc_timestamp", signature=((dt.Timestamp(), dt.string), dt.Timestamp(timezone="UTC")))
        def local(time, zone):  # type: ignore[no-untyped-def]
            ...

        if time.type().timezone is None and zone != "UTC":
            hour = ibis.interval(hours=1)
            return ibis.greatest(micros(local(time, zone)), micros(local(time + hour, zone)) - 3_600_000_000)
        return micros(time.cast(dt.Timestamp(timezone="UTC")))

    def traces(self, label: Any, place: Any) -> Any:
        """Return the aggregate that lists labels in the order of their places."""
        import ibis

        return ibis.struct({"place": place, "label": label}).collect().sort().map(lambda step: step["label"])

    def kept(self, events: Any) -> Any:
        """Return the same table, held by the cluster while it is asked."""
        return events.cache()
