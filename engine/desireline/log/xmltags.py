"""The tags of an XML file as columns: a parser checks every byte, then whole pieces are cut up by vector operations.

Document types and entities are refused, so an `&` begins one of five names or the number of a character.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from xml.parsers import expat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.errors import LogError
from desireline.log.opening import PIECE, open_bytes

GATHERED = 1 << 22
MOST_IN_ONE = 1 << 26
MOST_DEPTH = 60
_ASIDE = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_HEAD = re.compile(rb"(/?)([^\s/>=]+)\s*(.*)", re.DOTALL)
_ATTRIBUTE = re.compile(rb"""\s*([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
_IS_KEY, _IS_VALUE, _IS_END = (re.compile(text) for text in (rb"key\s*=\s*", rb"\s+value\s*=\s*$", rb"\s*/"))
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(amp|lt|gt|quot|apos));")
_MEANT = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Tags in the order of the file; arrays of one length.

    Attributes
    ----------
    names
        Names of tags, without a prefix, by their code.
    name
        Code of each tag's name.
    depth
        Of the element that begins or ends; 1 for the outermost.
    begins, ends
        Whether an element begins, or ends, here; both for `<a/>`.
    keys, key
        The attribute `key` as it was meant: the different ones, and the code of each tag's, -1 where there is none.
    value
        The attribute `value` as it was meant, null where there is none.
    line
        Line of the file on which the tag stands, from 1.
    """

    names: tuple[str, ...]
    name: np.ndarray
    depth: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    keys: tuple[str, ...]
    key: np.ndarray
    value: pa.Array
    line: np.ndarray

    def __len__(self) -> int:
        return len(self.name)

    def named(self, *names: str) -> np.ndarray:
        """Return which tags have one of these names."""
        return np.isin(self.name, [code for code, name in enumerate(self.names) if name in names])

    def upto(self, stop: int) -> "Tags":
        """Return the first `stop` tags."""
        parts = {part: getattr(self, part)[:stop] for part in self.__slots__ if part not in ("names", "keys")}
        return Tags(names=self.names, keys=self.keys, **parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What stands before the first quote of a tag: its name, whether nothing follows it (bare), or a key (keyed)."""

    name: str
    closing: bool
    bare: bool
    keyed: bool
    ends: bool


class TagStream:
    """Reads an XML file piece by piece; at any time it holds one piece and what is unfinished before it.

    `depth` elements are open before the tags that come next, which stand on `line` and below; `rest` and `unread` are
    the text of them that is known.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.depth = 0
        self.line = 1
        self.rest = b""
        self.unread = bytearray()

    def pieces(self, whole: Callable[[Tags], int]) -> Iterator[Tags]:
        """Yield the tags of the file; `whole` says how many of those at hand can be used without those to come.

        Raises
        ------
        LogError
            If the file is cut off, is not well-formed, declares a document type, or nests without bound.
        """
        parser = expat.ParserCreate("utf-8")
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
        with open_bytes(self.path) as stream:
            try:
                for piece in _utf8(stream, self.path):
                    parser.Parse(piece, False)
                    self.unread += piece
                    if len(self.unread) >= GATHERED:
                        yield self.next(whole)
                parser.Parse(b"", True)
            except expat.ExpatError as fault:
                raise damaged(fault, self.path) from None
        yield self.next(len, last=True)

    def next(self, whole: Callable[[Tags], int], last: bool = False) -> Tags:
        """Return the tags that can be used now, and keep the text of the others."""
        text, unfinished = _finished(bytes(self.rest + self.unread), last)
        self.unread.clear()
        begin = max(text.find(b"<"), 0)
        self.line += text.count(b"\n", 0, begin)
        text = text[begin:]
        cut = pc.split_pattern(pa.array([text], pa.binary()), "<").flatten()[1:]
        tags = self.tags(cut)
        stop = whole(tags)
        used = stop + int(pc.sum(pc.binary_length(cut[:stop])).as_py() or 0)
        self.line += text.count(b"\n", 0, used)
        if stop:
            self.depth = int(tags.depth[stop - 1] - tags.ends[stop - 1])
        self.rest = text[used:] + unfinished
        if len(self.rest) > MOST_IN_ONE:
            raise LogError(f"one element of more than {MOST_IN_ONE:,} bytes", where=str(self.path))
        return tags.upto(stop)

    def tags(self, cut: pa.Array) -> Tags:
        """Return the tags of a text that was cut at each <; each begins behind its <."""
        parts = pc.split_pattern(cut, '"')
        first = parts.offsets.to_numpy()[:-1]
        count = np.diff(parts.offsets.to_numpy())
        pieces = parts.values
        texts, head = _distinct(pieces.take(pa.array(first)))
        heads = [_head(text) for text in texts]
        names = {name: code for code, name in enumerate(dict.fromkeys(h.name for h in heads))}
        keyed = (count == 5) & np.array([h.keyed for h in heads], bool)[head]
        keyed[keyed] = _all(pieces.take(pa.array(first[keyed] + 2)), _IS_VALUE)
        others = np.flatnonzero(~keyed & np.array([not h.bare for h in heads], bool)[head])
        slow = [_attributes(text) for text in cut.take(pa.array(others)).to_pylist()]
        begins = np.array([not h.closing for h in heads], bool)[head]
        ends = np.array([h.ends for h in heads], bool)[head]
        ends[keyed] = _all(pieces.take(pa.array(first[keyed] + 4)), _IS_END)
        ends[others] = [end for _, _, end in slow]
        depth = self.depth + np.cumsum(begins.astype(np.int64) - ends) + ends
        if len(depth) and depth.max() > MOST_DEPTH:
            raise LogError(f"elements nested deeper than {MOST_DEPTH}", where=str(self.path), expected="an XES log")
        place = np.full(len(cut), -1)
        place[keyed] = np.arange(keyed.sum())
        place[others] = keyed.sum() + np.arange(len(others))
        keys = _joined(pieces, first[keyed] + 1, [key for key, _, _ in slow]).dictionary_encode()
        keys = keys.take(pa.array(place, mask=place < 0))
        breaks = pc.count_substring(cut, "\n").to_numpy()
        return Tags(
            names=tuple(names),
            name=np.array([names[h.name] for h in heads], np.int64)[head],
            depth=depth,
            begins=begins,
            ends=ends,
            keys=tuple(_meant(keys.dictionary).to_pylist()),
            key=keys.indices.fill_null(-1).to_numpy(),
            value=_meant(_joined(pieces, first[keyed] + 3, [value for _, value, _ in slow])).take(
                pa.array(place, mask=place < 0)
            ),
            line=self.line + np.cumsum(breaks) - breaks,
        )


def damaged(fault: expat.ExpatError, path: Path) -> LogError:
    """Return the error for a file that is no well-formed XML."""
    cut = fault.code == expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]
    what = "the XML ends early" if cut else f"not well-formed XML ({expat.ErrorString(fault.code)})"
    help = "Copy or export the file again; nothing of it was used."
    return LogError(f"{what} at line {fault.lineno:,}", where=str(path), help=help)


def refuse(*_: object) -> None:
    """Refuse a document type or an entity, whatever it says."""
    raise LogError("the file declares a document type or entities", expected="plain XML", help="Remove the <!DOCTYPE>.")


def _utf8(stream: RawIOBase, path: Path) -> Iterator[bytes]:
    """Yield the text of a file as UTF-8, whatever encoding it declares."""
    decoder = None
    piece = stream.read(PIECE) or b""
    declared = _DECLARED.match(piece)
    encoding = declared[1].decode() if declared else "utf-8"
    try:
        if codecs.lookup(encoding).name != "utf-8":
            decoder = codecs.getincrementaldecoder(encoding)()
        while piece:
            yield decoder.decode(piece).encode() if decoder else piece
            piece = stream.read(PIECE) or b""
    except (LookupError, UnicodeError):
        raise LogError(f"the text is not in {encoding}, which it declares", where=str(path), expected="UTF-8") from None


def _finished(text: bytes, last: bool) -> tuple[bytes, bytes]:
    """Return the text from its first tag on, without what is no tag, up to what is unfinished; and the unfinished."""
    if b"<!" in text or b"<?" in text:
        text = _ASIDE.sub(lambda found: b"\n" * found[0].count(b"\n"), text)
    if last:
        return text, b""
    aside = [place for place in (text.find(b"<!"), text.find(b"<?")) if place >= 0]
    end = min(aside) if aside else max(text.rfind(b"<"), 0)
    return text[:end], text[end:]


def _distinct(column: pa.Array) -> tuple[list[bytes], np.ndarray]:
    coded = column.dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy()


def _all(column: pa.Array, pattern: re.Pattern[bytes]) -> np.ndarray:
    """Return which values of a column begin with a pattern."""
    texts, code = _distinct(column)
    return np.asarray(np.array([bool(pattern.match(text)) for text in texts], bool)[code])


def _head(text: bytes) -> _Head:
    found = _HEAD.match(text)
    if found is None:
        return _Head(name="", closing=False, bare=False, keyed=False, ends=False)
    closing, name, rest = found.groups()
    bare = rest.startswith((b">", b"/>"))
    return _Head(
        name=name.rsplit(b":")[-1].decode(),
        closing=bool(closing),
        bare=bare,
        keyed=bool(_IS_KEY.fullmatch(rest)),
        ends=bool(closing) or rest.startswith(b"/"),
    )


def _attributes(text: bytes) -> tuple[bytes | None, bytes | None, bool]:
    """Return key, value and whether the element ends, of a tag of any layout."""
    found = _HEAD.match(text)
    at = found.start(3) if found else 0
    attributes: dict[bytes, bytes] = {}
    while match := _ATTRIBUTE.match(text, at):
        attributes[match[1]] = match[2][1:-1]
        at = match.end()
    return attributes.get(b"key"), attributes.get(b"value"), bool(_IS_END.match(text, at))


def _joined(pieces: pa.Array, places: np.ndarray, others: list[bytes | None]) -> pa.Array:
    return pa.concat_arrays([pieces.take(pa.array(places)), pa.array(others, pa.binary())])


def _meant(raw: pa.Array) -> pa.Array:
    """Return attributes as text, with references and white space as XML means them."""
    texts = raw.cast(pa.string())
    data = np.frombuffer(raw.buffers()[2] or b"", np.uint8)
    if not ((data < ord(" ")) | (data == ord("&"))).any():
        return texts
    special = pc.match_substring_regex(texts, "[&\t\r\n]").fill_null(False)
    told = [_plain(text) for text in texts.filter(special).to_pylist()]
    return pc.replace_with_mask(texts, special, pa.array(told, pa.string()))


def _plain(text: str) -> str:
    return _REFERENCE.sub(_character, re.sub(r"\r\n|[\t\r\n]", " ", text))


def _character(found: re.Match[str]) -> str:
    sixteen, ten, name = found.groups()
    return _MEANT[name] if name else chr(int(sixteen, 16) if sixteen else int(ten))
