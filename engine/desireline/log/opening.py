"""Opening files that others made: gzip or plain, bounded, and clear about what is wrong with them."""

import io
import zlib
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import IO, Any

from desireline.errors import LogError
from desireline.log.address import shown

GZIP = b"\x1f\x8b"
MOST_EXPANSION = 300
SMALL = 64_000_000
PIECE = 1 << 16
MOST_AT_ONCE = 1 << 22
_BINARY = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ": "xz data",
    b"\x28\xb5\x2f\xfd": "zstd data",
}


def find(path: str) -> Path:
    """Return the file to read.

    Raises
    ------
    LogError
        If it is an address, is missing, is a folder, is empty or cannot be read.
    """
    if "://" in path:
        help = "Give a file; desireline check and discover also ask a warehouse (postgres://..., spark://...)."
        raise LogError("logs are not fetched from an address", where=shown(path), expected="a file", help=help)
    file = Path(path)
    try:
        if file.is_dir():
            raise LogError("this is a folder", where=path, expected="one file: CSV, Parquet, XES or a source .yaml")
        if not file.exists():
            raise LogError("there is no such file", where=path, help=_siblings(file))
        if file.stat().st_size == 0:
            raise LogError("the file is empty", where=path, expected="an event log")
        with file.open("rb"):
            return file
    except (OSError, ValueError) as fault:
        if isinstance(fault, LogError):
            raise
        raise LogError(
            f"the file cannot be read ({fault})", where=path, help="Check the path and its rights."
        ) from None


def find_all(path: str) -> list[Path]:
    """Return the files to read: one; or the Parquet files in a folder, or of a pattern such as `logs/2024-*.parquet`.

    Raises
    ------
    LogError
        As `find` does; if there are none, or several that are not all Parquet.
    """
    file = Path(path)
    if "://" in path:
        return [find(path)]
    if file.is_dir():
        files = sorted(found for found in file.rglob("*.parquet") if not found.name.startswith((".", "_")))
    elif any(mark in path for mark in "*?[") and not file.exists():
        files = sorted(Path(found) for found in glob(path, recursive=True))
    else:
        table = path.partition("::")[0]
        return [find(path)] if table == path or file.exists() else [find(table).with_name(file.name)]
    if not files:
        raise LogError("no Parquet file is there", where=path, expected="a file, or Parquet files taken together")
    if len(files) > 1 and (other := next((found for found in files if kind(find(str(found))) != "parquet"), None)):
        raise LogError("several files are one log only where all are Parquet", where=str(other), expected="Parquet")
    return [find(str(found)) for found in files]


def _siblings(file: Path) -> str:
    from difflib import get_close_matches

    names = [item.name for item in file.parent.iterdir() if item.is_file()] if file.parent.is_dir() else []
    close = get_close_matches(file.name, names, n=1)
    return f'Did you mean "{close[0]}"?' if close else "Check the path."


def on_disk(path: Path) -> Path:
    """Return the file in which a table of a database stands that is written FILE::TABLE; any other path as it is."""
    return path if path.exists() else Path(str(path).partition("::")[0])


def kind(path: Path) -> str:
    """Return what the file holds, from its first bytes: `parquet`, `arrow`, `duckdb`, `xes`, `csv` or
    `ocel-json`, `ocel-xml`, `ocel-sqlite`.

    Raises
    ------
    LogError
        If it is known to be something else.
    """
    head = peek(on_disk(path), 4096)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"ARROW1"):
        return "arrow"
    if head[8:12] == b"DUCK":
        return "duckdb"
    for magic, what in _BINARY.items():
        if head.startswith(magic):
            raise LogError(f"the file is {what}", where=str(path), expected="CSV, Parquet, XES or OCEL (gzip is fine)")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        raise LogError("the file is empty", where=str(path), expected="an event log")
    if head.startswith(b"SQLite format 3"):
        return "ocel-sqlite"
    if text.startswith((b"{", b"[")):
        return "ocel-json"
    if not text.startswith(b"<"):
        return "csv"
    return "ocel-xml" if any(tag in text for tag in (b"<object-types", b"<event-types", b"<objects")) else "xes"


def peek(path: Path, size: int) -> bytes:
    """Return the first bytes of the text, as far as they can be had."""
    head = b""
    with open_bytes(path) as stream:
        try:
            while len(head) < size and (more := stream.read(size - len(head))):
                head += more
        except LogError:
            pass
    return head


def open_bytes(path: Path) -> "Checked":
    """Return the bytes of the file, decompressed where it is gzip."""
    return Checked(path)


class Checked(io.RawIOBase):
    """A stream of bytes whose faults are LogErrors that say how far it was read; it never expands without bound."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.plain = path.open("rb")
        self.pieces = _inflated(self.plain) if self.plain.peek(2).startswith(GZIP) else _pieces(self.plain)
        self.rest = b""
        self.bytes = 0
        self.lines = 0
        self.limit = max(SMALL, MOST_EXPANSION * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, all that are left where `size` is negative, none at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(PIECE), b""))
        while not self.rest:
            piece = self._next()
            if piece is None:
                return b""
            self.rest = piece
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def _next(self) -> bytes | None:
        try:
            piece = next(self.pieces, None)
        except (EOFError, zlib.error, OSError) as fault:
            raise self._fault("ends early" if isinstance(fault, EOFError) else "is damaged") from None
        if piece is not None:
            self.bytes += len(piece)
            self.lines += piece.count(b"\n")
            if self.bytes > self.limit:
                help = "If it is to be trusted, decompress it yourself."
                raise LogError(f"the file expands more than {MOST_EXPANSION} times", where=str(self.path), help=help)
        return piece

    def _fault(self, why: str) -> LogError:
        return LogError(
            f"the compressed data {why} after {self.bytes:,} bytes and {self.lines:,} lines of text",
            where=str(self.path),
            help="Copy or export the file again; nothing of it was used.",
        )

    def close(self) -> None:
        if not self.closed:
            self.plain.close()
        super().close()


def _pieces(plain: IO[bytes]) -> Iterator[bytes]:
    while piece := plain.read(PIECE):
        yield piece


def _inflated(plain: IO[bytes]) -> Iterator[bytes]:
    """Yield the text of a gzip file, member after member; EOFError where it is cut off."""
    inflater = zlib.decompressobj(31)
    while piece := plain.read(PIECE):
        while piece:
            if inflater.eof:
                piece = piece.lstrip(b"\0")
                if not piece:
                    break
                inflater = zlib.decompressobj(31)
            yield inflater.decompress(piece, MOST_AT_ONCE)
            piece = inflater.unused_data or inflater.unconsumed_tail
    if not inflater.eof:
        raise EOFError
