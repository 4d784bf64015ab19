"""CSV, whatever its separator and encoding; what was found is said in notes."""

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from desireline.errors import LogError
from desireline.log.opening import open_bytes, peek
from desireline.log.raw import RawLog, Rejected, distinct

SAMPLE = 200_000
BLOCK = 1 << 25
MOST_COLUMNS = 2_000
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "white space"}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a text file says what it says; `skip` lines stand before the first row, `renamed` had a name twice."""

    encoding: str
    separator: str
    quote: str | None
    header: tuple[str, ...]
    skip: int
    renamed: tuple[str, ...]


def read_csv(path: Path) -> RawLog:
    """Return the rows of a CSV file, every value as text.

    Raises
    ------
    LogError
        If it is no text, is cut off, or has no rows or no columns.
    """
    for encoding in (None, "cp1252", "latin-1"):
        dialect = sniff(path, encoding)
        try:
            return _read_either_way(path, dialect)
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as fault:
            if "UTF8" not in str(fault):
                found = f"a row of more than {BLOCK:,} bytes" if _endless(fault) else f"not readable as CSV: {fault}"
                raise LogError(found, where=str(path), expected="one event per line") from None
    raise LogError("the text has no encoding we know", where=str(path), help="Save the file as UTF-8.")


def _read_either_way(path: Path, dialect: Dialect) -> RawLog:
    """Return the rows, read without quoting where a quote that never closes swallows the file."""
    try:
        return _read(path, dialect)
    except pa.ArrowInvalid as fault:
        if _endless(fault) and dialect.quote:
            return _read(path, replace(dialect, quote=None))
        raise


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
    return Dialect(encoding=encoding, separator=separator, quote=quote, header=header, skip=skip, renamed=renamed)


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


def _read(path: Path, dialect: Dialect) -> RawLog:
    refused: list[tuple[int, str]] = []

    def refuse(row: pacsv.InvalidRow) -> str:
        refused.append((row.number, row.text))
        return "skip"

    names = [f"c{i}" for i in range(len(dialect.header))]
    stream = open_bytes(path)
    quotes = _Counting(stream, (dialect.quote or '"').encode(), utf8=dialect.encoding.startswith("utf-8"))
    table = pacsv.read_csv(
        _despaced(quotes) if dialect.separator == " " else quotes,
        pacsv.ReadOptions(
            use_threads=False,
            block_size=BLOCK,
            column_names=names,
            skip_rows=dialect.skip,
            encoding=dialect.encoding.replace("utf-8-sig", "utf-8"),
        ),
        pacsv.ParseOptions(
            delimiter="\t" if dialect.separator == " " else dialect.separator,
            quote_char=dialect.quote or False,
            newlines_in_values=dialect.quote is not None,
            ignore_empty_lines=False,
            invalid_row_handler=refuse,
        ),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    stream.close()
    if quotes.marks % 2 and dialect.quote:
        return _read(path, replace(dialect, quote=None))
    return _raw(table.rename_columns(list(dialect.header)), refused, dialect, path)


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


def _raw(table: pa.Table, refused: list[tuple[int, str]], dialect: Dialect, path: Path) -> RawLog:
    """Return the table with the row and line of each row; blank rows are left out and counted."""
    refused_at = np.array([number - dialect.skip for number, _ in refused], np.int64)
    total = table.num_rows + len(refused)
    if not total:
        raise LogError("the file has a header and no rows", where=str(path), expected="an event log")
    height = np.zeros(total, np.int64)
    well_formed = np.ones(total, bool)
    well_formed[refused_at - 1] = False
    blank = np.ones(table.num_rows, bool)
    breaks = np.zeros(table.num_rows, np.int64)
    for column in table.columns:
        blank &= column.is_null().to_numpy()
        if dialect.quote:
            breaks += pc.count_substring(column, "\n").fill_null(0).to_numpy()
    height[well_formed] = breaks
    height[~well_formed] = [text.count("\n") for _, text in refused]
    line = dialect.skip + np.arange(1, total + 1) + np.cumsum(height) - height
    row = np.arange(1, total + 1)
    rejected = tuple(
        Rejected(row=int(row[at - 1]), line=int(line[at - 1]), text=text)
        for at, (_, text) in zip(refused_at, refused, strict=True)
    )
    keep = ~blank
    return RawLog(
        table=table.filter(pa.array(keep)) if blank.any() else table,
        row=row[well_formed][keep],
        line=line[well_formed][keep],
        rejected=rejected,
        notes=_notes(dialect, int(blank.sum())),
    )


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
