"""Addresses of logs in a warehouse: which server and table, never who asks or with what password."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from desireline.errors import LogError

KINDS = {"postgres": "postgres", "postgresql": "postgres", "spark": "spark"}
FORMS = "postgres://HOST[:PORT]/DATABASE/[SCHEMA.]TABLE, spark://HOST:PORT/[DATABASE.]TABLE or spark:///TABLE"
_SECRETS = ("password", "secret", "token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a table lies; None: what the client takes by itself (its environment, its own files).

    `table` of Spark may also be the path of Parquet files.
    """

    kind: str
    table: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    database: str | None = None
    schema: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        place = f"{self.host or ''}{f':{self.port}' if self.port else ''}"
        name = f"{self.schema}.{self.table}" if self.schema else self.table
        parts = [place, *([self.database] if self.kind == "postgres" else []), name.lstrip("/")]
        return f"{self.kind}://{'/'.join(part or '' for part in parts)}"


def is_address(log: str) -> bool:
    """Return whether `log` names a table of a warehouse."""
    return log.partition("://")[0].lower() in KINDS and "://" in log


def shown(log: str) -> str:
    """Return an address as it may be shown: without user, password and options."""
    scheme, mark, rest = log.partition("://")
    if not mark:
        return log
    rest = rest.partition("?")[0]
    authority, slash, path = rest.partition("/")
    if "@" in path:  # an unquoted slash in a password
        return f"{scheme}://..."
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def read_address(log: str) -> Address:
    """Return the parts of an address.

    Raises
    ------
    LogError
        If it names no table, is not a well-formed address, or holds a password.
    """
    where = shown(log)
    try:
        parts = urlsplit(log)
        kind, host, port, user = KINDS[parts.scheme.lower()], parts.hostname, parts.port, parts.username
    except ValueError:
        raise LogError("this is not a well-formed address", where=where, expected=FORMS) from None
    options = dict(parse_qsl(parts.query))
    if parts.password is not None or any(word in key.lower() for key in options for word in _SECRETS):
        help = "Put it into PGPASSWORD or ~/.pgpass." if kind == "postgres" else "Put it into spark-defaults.conf."
        raise LogError(
            "an address that holds a password", where=where, expected="none in files and arguments", help=help
        )
    names = [unquote(name) for name in parts.path.split("/")[1:]]
    place = _postgres(names) if kind == "postgres" else _spark(unquote(parts.path))
    if place is None:
        raise LogError("the address names no table", where=where, expected=FORMS)
    table, schema, database = place
    user = unquote(user) if user else None
    return Address(
        kind=kind, host=host, port=port, user=user, table=table, schema=schema, database=database, options=options
    )


def _postgres(names: list[str]) -> tuple[str, str | None, str | None] | None:
    """Return table, schema and database of a path DATABASE/TABLE, DATABASE/SCHEMA.TABLE or DATABASE/SCHEMA/TABLE."""
    if len(names) == 3 and all(names):
        return names[2], names[1], names[0]
    if len(names) != 2 or not all(names):
        return None
    schema, _, table = names[1].rpartition(".")
    return (table, schema or None, names[0]) if table else None


def _spark(path: str) -> tuple[str, str | None, None] | None:
    """Return table and database of a path TABLE, DATABASE.TABLE or /FOLDER/FILES."""
    name = path[1:]
    if "/" in name:
        return path, None, None
    schema, _, table = name.rpartition(".")
    return (table, schema or None, None) if table else None
