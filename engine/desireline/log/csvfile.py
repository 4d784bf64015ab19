"""CSV, whatever its separator and encoding; what was found is said in notes."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from desireline.errors import LogError
from desireline.log.opening import open_bytes, peek
from desireline.log.raw import ParquetRows, RawLog, Rejected, distinct
from desireline.log.stored import StoredRows

Result = TypeVar("Result")
SAMPLE = 200_000
BLOCK = 1 << 25
MOST_COLUMNS = 2_000
UNKNOWN_WORDS = ["", "NULL", "null", "NaN", "nan", "\\N"]
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "white space"}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a text file says what it says.

    `skip` lines stand before the first row, `renamed` had a name twice, `sample` are the first rows.
    """

    encoding: str
    separator: str
    quote: str | None
    header: tuple[str, ...]
    skip: int
    renamed: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]


def read_csv(path: Path) -> RawLog:
    """Return the rows of a CSV file, every value as text.

    Raises
    ------
    LogError
        If it is no text, is cut off, or has no rows or no columns.
    """

    def collect(reading: Reading) -> RawLog:
        table = pa.concat_tables(reading.pieces())
        return RawLog(
            table=table.drop_columns(["row", "line"]).rename_columns(list(reading.dialect.header)),
            row=table.column("row").to_numpy(),
            line=table.column("line").to_numpy(),
            rejected=tuple(reading.rejected),
            notes=reading.notes(),
            file=path.name,
        )

    return _in_some_encoding(path, False, collect)


def store_csv(path: Path, folder: Path) -> ParquetRows:
    """Write the rows of a CSV file to Parquet, a piece at a time; return what it holds.

    Columns whose every value is a time in ISO 8601 become times, all others stay text.

    Raises
    ------
    LogError
        If it is no text, is cut off, or has no rows or no columns.
    """

    def store(reading: Reading) -> ParquetRows:
        with StoredRows(folder, reading.dialect.header) as rows:
            for piece in reading.pieces():
                rows.add(piece, reading.rejected)
                reading.rejected.clear()
            return rows.finish(reading.notes())

    return _in_some_encoding(path, True, store)


def _in_some_encoding(path: Path, typed: bool, use: Callable[["Reading"], Result]) -> Result:
    """Return what `use` makes of the file, read in the first encoding and way of quoting that fit all of it."""
    for encoding in (None, "cp1252", "latin-1"):
        dialect = sniff(path, encoding)
        try:
            return _either_way(path, dialect, typed, use)
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as fault:
            if "UTF8" not in str(fault):
                found = f"a row of more than {BLOCK:,} bytes" if _endless(fault) else f"not readable as CSV: {fault}"
                raise LogError(found, where=str(path), expected="one event per line") from None
    raise LogError("the text has no encoding we know", where=str(path), help="Save the file as UTF-8.")


def _either_way(path: Path, dialect: Dialect, typed: bool, use: Callable[["Reading"], Result]) -> Result:
    """Return what `use` makes of the rows: as text where a time is none, without quoting where a quote never closes."""
    kinds = _times(dialect) if typed else {}
    try:
        return use(Reading(path, dialect, kinds))
    except _Unbalanced:
        return _either_way(path, replace(dialect, quote=None), typed, use)
    except pa.ArrowInvalid as fault:
        if _endless(fault) and dialect.quote:
            return _either_way(path, replace(dialect, quote=None), typed, use)
        if kinds and "conversion error" in str(fault):
            return _either_way(path, dialect, False, use)
        raise


class _Unbalanced(Exception):
    """The quote marks of the file are not balanced."""


def _endless(fault: pa.ArrowInvalid) -> bool:
    return "straddl" in str(fault)


def sniff(path: Path, encoding: str | None = None) -> Dialect:
    """Return the dialect of a CSV file, from its beginning; `encoding` is UTF-8 or what the mark at its start says."""
    head = peek(path, SAMPLE)
    encoding = encoding or next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8")
    if encoding != "utf-16" and b"\0" in head:
        raise LogError("this is not text", where=str(path), expected="CSV, Parquet or XES (gzip is fine)")
    text = head.decode(encoding, errors="replace").lstrip("\ufeff")
    lines = text.splitlines()
    if len(head) == SAMPLE and len(lines) > 1:
        text = "\n".join(lines[:-1]) + "\n"
    skip = 0
    marked = re.match(r"sep=(.)\r?\n", text)
    if marked:
        text, skip = text[marked.end() :], 1
    blank = re.match(r"(?:[ \t]*\r?\n)*", text)
    if blank:
        skip += blank[0].count("\n")
        text = text[blank.end() :]
    if not text.strip():
        raise LogError("the file is empty", where=str(path), expected="an event log")
    quote = "'" if re.match(r"'[^'\n]*'[,;\t|]", text) else '"'
    separator = marked[1] if marked else _separator(text, quote)
    records = _records(text, separator, quote)
    header_lines = sum(name.count("\n") for name in records[0]) + 1
    if len(records[0]) > MOST_COLUMNS:
        raise LogError(f"{len(records[0]):,} columns", where=str(path), expected=f"at most {MOST_COLUMNS:,}")
    header = _widen(records)
    renamed = tuple(new for old, new in zip(records[0], header, strict=False) if old.strip() not in ("", new))
    skip += header_lines
    return Dialect(
        encoding=encoding,
        separator=separator,
        quote=quote,
        header=header,
        skip=skip,
        renamed=renamed,
        sample=tuple(tuple(record) for record in records[1:]),
    )


def _separator(text: str, quote: str) -> str:
    """Return the separator that cuts the most rows into as many fields as the header has."""
    scores = {mark: _score(_records(text, mark, quote)) for mark in ",;\t|"}
    best = max(scores, key=lambda mark: scores[mark])
    if scores[best] > (0.0, 1):
        return best
    return " " if _score(_records(text, " ", quote)) > (0.5, 1) else ","


def _score(records: list[list[str]]) -> tuple[float, int]:
    """Return the share of rows as wide as the commonest row, and that width; nothing for a single column."""
    if not records or len(records[0]) == 1:
        return 0.0, 1
    widths = Counter(len(record) for record in records[1:] or records)
    width, rows = widths.most_common(1)[0]
    return (rows / sum(widths.values()) if width > 1 else 0.0), width


def _records(text: str, separator: str, quote: str) -> list[list[str]]:
    """Return up to 300 records of the sample."""
    if separator == " ":
        return [line.split() for line in text.splitlines()[:300] if line.strip()] or [[""]]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quotechar=quote)
    records: list[list[str]] = []
    try:
        for record in reader:
            if record:
                records.append(record)
            if len(records) == 300:
                break
    except csv.Error:
        pass
    return records or [[""]]


def _widen(records: list[list[str]]) -> tuple[str, ...]:
    """Return the names of the columns; rows that all end in one more separator get a column for it."""
    header = records[0]
    widths = Counter(len(record) for record in records[1:])
    width = widths.most_common(1)[0][0] if widths else len(header)
    extra = width - len(header)
    if extra == 1 and all(not record[-1] for record in records[1:] if len(record) == width):
        header = [*header, ""]
    return tuple(distinct(header))


class Reading:
    """One reading of a file: its rows piece by piece; blank rows are left out and counted.

    Attributes
    ----------
    rejected
        Rows that have not the shape of the others, as they are found.
    """

    def __init__(self, path: Path, dialect: Dialect, kinds: Mapping[str, pa.DataType]) -> None:
        self.path = path
        self.dialect = dialect
        self.kinds = kinds
        self.rejected: list[Rejected] = []
        self.blank = 0
        self.refused: list[tuple[int, str]] = []  # of rows that come after those given out
        self.next_row = 1
        self.next_line = dialect.skip + 1

    def pieces(self) -> Iterator[pa.Table]:
        """Yield the rows of the file.

        Raises
        ------
        LogError
            If there are none.
        """
        mark = (self.dialect.quote or '"').encode()
        stream = open_bytes(self.path)
        quotes = _Counting(stream, mark, utf8=self.dialect.encoding.startswith("utf-8"))
        with closing(stream):
            try:
                batches = self.open(quotes)
            except pa.ArrowInvalid as fault:
                if "Empty CSV file" not in str(fault):
                    raise
                batches = []
            for batch in batches:
                yield self.piece(pa.Table.from_batches([batch]), broken=quotes.marks > 0)
        if quotes.marks % 2 and self.dialect.quote:
            raise _Unbalanced
        self.refuse(len(self.refused))
        if self.next_row == 1:
            raise LogError("the file has a header and no rows", where=str(self.path), expected="an event log")

    def open(self, quotes: "_Counting") -> Iterable[pa.RecordBatch]:
        def refuse(row: pacsv.InvalidRow) -> str:
            self.refused.append((row.number - self.dialect.skip, row.text))
            return "skip"

        names = [f"c{i}" for i in range(len(self.dialect.header))]
        batches: Iterable[pa.RecordBatch] = pacsv.open_csv(
            _despaced(quotes) if self.dialect.separator == " " else quotes,
            pacsv.ReadOptions(
                use_threads=False,
                block_size=BLOCK,
                column_names=names,
                skip_rows=self.dialect.skip,
                encoding=self.dialect.encoding.replace("utf-8-sig", "utf-8"),
            ),
            pacsv.ParseOptions(
                delimiter="\t" if self.dialect.separator == " " else self.dialect.separator,
                quote_char=self.dialect.quote or False,
                newlines_in_values=self.dialect.quote is not None,
                ignore_empty_lines=False,
                invalid_row_handler=refuse,
            ),
            pacsv.ConvertOptions(
                column_types={name: self.kinds.get(name, pa.string()) for name in names},
                strings_can_be_null=True,
                null_values=UNKNOWN_WORDS if self.kinds else [""],
            ),
        )
        return batches

    def piece(self, table: pa.Table, broken: bool) -> pa.Table:
        """Return rows with their number and line; `broken` says whether values may hold line breaks."""
        size = table.num_rows
        among = self.among(size)
        place = np.delete(np.arange(size + among), [at - self.next_row for at, _ in self.refused[:among]])
        height = np.ones(size + among, np.int64)
        blank = np.ones(size, bool)
        for column in table.columns:
            if broken and self.dialect.quote and pa.types.is_string(column.type):
                height[place] += pc.count_substring(column, "\n").fill_null(0).to_numpy()
            blank &= column.is_null().to_numpy()
        for at, text in self.refused[:among]:
            height[at - self.next_row] += text.count("\n")
        line = self.next_line + np.cumsum(height) - height
        row = self.next_row + np.arange(size + among)
        self.refuse(among, line)
        self.next_row += size + among
        self.next_line += int(height.sum())
        self.blank += int(blank.sum())
        table = table.append_column("row", pa.array(row[place])).append_column("line", pa.array(line[place]))
        return table.filter(pa.array(~blank)) if blank.any() else table

    def among(self, size: int) -> int:
        """Return how many of the refused rows stand among the next `size` good ones."""
        among = 0
        while among < len(self.refused) and self.refused[among][0] < self.next_row + size + among:
            among += 1
        return among

    def refuse(self, count: int, line: np.ndarray | None = None) -> None:
        """Move the first `count` refused rows to those rejected; `line` of the rows from the next one on."""
        for at, text in self.refused[:count]:
            if line is None:
                self.rejected.append(Rejected(row=self.next_row, line=self.next_line, text=text))
                self.next_row += 1
                self.next_line += 1 + text.count("\n")
            else:
                self.rejected.append(Rejected(row=at, line=int(line[at - self.next_row]), text=text))
        del self.refused[:count]

    def notes(self) -> tuple[str, ...]:
        return _notes(self.dialect, self.blank)


class _Counting(io.RawIOBase):
    """A stream that counts a mark on its way, and stops with UnicodeDecodeError where it should be UTF-8 and is not."""

    def __init__(self, stream: io.RawIOBase, mark: bytes, utf8: bool) -> None:
        super().__init__()
        self.stream = stream
        self.mark = mark
        self.marks = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")() if utf8 else None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size) or b""
        self.marks += data.count(self.mark)
        if self.decoder:
            self.decoder.decode(data, final=not data)
        return data


def _despaced(stream: _Counting) -> io.BytesIO:
    """Return text whose fields stand between runs of white space as text with one tab between them."""
    data = stream.read()
    data = re.sub(rb"(?m)^[ \t]+|[ \t\r]+$", b"", data)
    return io.BytesIO(re.sub(rb"[ \t]+", b"\t", data))


def _times(dialect: Dialect) -> dict[str, pa.DataType]:
    """Return the type of each column whose first values are all times in ISO 8601, with a zone or all without."""
    kinds = {}
    for i in range(len(dialect.header)):
        values = [record[i] for record in dialect.sample if i < len(record) and record[i] not in UNKNOWN_WORDS]
        if not values or not all(_ISO.fullmatch(value) for value in values):
            continue
        zoned = {bool(_ISO.fullmatch(value)["zone"]) for value in values}  # type: ignore[index]
        if len(zoned) == 1:
            kinds[f"c{i}"] = pa.timestamp("us", "UTC" if zoned.pop() else None)
    return kinds


def _notes(dialect: Dialect, blank: int) -> tuple[str, ...]:
    notes = []
    if dialect.separator != ",":
        name = _NAMES.get(dialect.separator, dialect.separator)
        notes.append(f"fields are separated by {name}")
    if dialect.encoding != "utf-8":
        known = {"cp1252": "Windows-1252 (latin-1)", "utf-8-sig": "UTF-8 with a byte order mark"}
        notes.append(f"the text is {known.get(dialect.encoding, dialect.encoding.upper())}")
    if dialect.quote is None:
        notes.append("quote marks are not balanced; they were read as plain characters")
    elif dialect.quote != '"':
        notes.append("text is quoted by '")
    if dialect.renamed:
        notes.append(f"columns of the same name as an earlier one were called {', '.join(dialect.renamed)}")
    if blank:
        notes.append(f"{blank:,} blank rows were passed over")
    return tuple(notes)
