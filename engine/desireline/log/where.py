"""Conditions on cases, such as `segment = new and amount >= 1000`: a small grammar, and the SQL it stands for.

    condition   = all, { "or", all }
    all         = one, { "and", one }
    one         = "not", one | "(", condition, ")" | comparison
    comparison  = name, ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" ), value
                | name, [ "not" ], "in", "(", value, { ",", value }, ")"
                | name, "is", ( "known" | "unknown" )

Names and values are words, or stand in quotes where they hold spaces or marks. The SQL holds no word of the condition:
columns come from the caller, values are parameters.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from desireline.errors import LogError, nearest
from desireline.units import parse_duration

DEEPEST = 50
_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<mark><=|>=|!=|<>|==|[=<>(),])|(?P<word>[^\s=<>!(),'"]+))"""
)
_SAME = {"==": "=", "<>": "!="}
_ORDER = ("<", "<=", ">", ">=")
_EXAMPLE = 'such as "segment = new and amount >= 1000", "product in (\'Home loan\', Car)" or "channel is unknown"'
_KEYWORDS = ("and", "or", "not", "in", "is", "contains")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A name, how it is compared (= < <= > >= contains in known), and with what."""

    name: str
    mark: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Parts that hold all together (`and`), any of them (`or`), or the one that must not hold (`not`)."""

    word: str
    parts: tuple["Condition", ...]


Condition = Comparison | Joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where a name stands in SQL.

    Attributes
    ----------
    sql
        Expression of a column, without a word of the user's.
    events
        Whether it is a column of the view `events` (with the case of each), else of `cases`.
    kind
        `text`, `number`, `time` (microseconds since 1970 UTC) or `duration` (seconds).
    """

    sql: str
    events: bool
    kind: str


@dataclass(slots=True)
class Query:
    """SQL for a condition on the rows of `cases`, and its parameters in order."""

    columns: Mapping[str, Column]
    moment: Callable[[str], int | None]
    parameters: list[Any] = field(default_factory=list)

    def sql(self, condition: Condition) -> str:
        """Return the text of the condition.

        Raises
        ------
        LogError
            If it names something the log does not have, or a value that its column cannot hold.
        """
        if isinstance(condition, Comparison):
            return self.comparison(condition)
        parts = [self.sql(part) for part in condition.parts]
        if condition.word == "not":
            return f"(NOT {parts[0]})"
        return f"({f' {condition.word.upper()} '.join(parts)})"

    def comparison(self, asked: Comparison) -> str:
        column = self.columns.get(asked.name)
        if column is None:
            help = nearest(asked.name, self.columns)
            raise LogError(f'the log has no attribute "{asked.name}"', where="--where", help=help)
        if asked.mark in _ORDER and column.kind == "text":
            expected = "= != in contains, or an attribute of numbers or times"
            raise LogError(
                f'"{asked.name}" holds text, which {asked.mark} cannot rank', where="--where", expected=expected
            )
        test = self.test(asked, column)
        if column.events:
            return f'("case" IN (SELECT "case" FROM events WHERE {test}))'
        return f"coalesce({test}, false)"

    def test(self, asked: Comparison, column: Column) -> str:
        if asked.mark == "known":
            return f"{column.sql} IS NOT NULL"
        if asked.mark == "contains":
            self.parameters.append(asked.values[0].casefold())
            return f"contains(lower({column.sql}::VARCHAR), ?)"
        self.parameters += [self.value(asked.name, text, column.kind) for text in asked.values]
        if asked.mark == "in":
            return f"{column.sql} IN ({', '.join('?' * len(asked.values))})"
        return f"{column.sql} {asked.mark} ?"

    def value(self, name: str, text: str, kind: str) -> Any:
        """Return the value that `text` is in a column of this kind."""
        try:
            if kind == "number":
                return float(text)
            if kind == "duration":
                return parse_duration(text) / 1e6
        except ValueError:
            pass
        else:
            moment = self.moment(text) if kind == "time" else text
            if moment is not None:
                return moment
        kinds = {"number": "a number", "duration": "a time such as 5 d", "time": "a day or time such as 2024-03-31"}
        raise LogError(f'"{name}" is compared with "{text}"', where="--where", expected=kinds[kind])


def parse(text: str) -> Condition:
    """Return the condition that `text` says.

    Raises
    ------
    LogError
        If it is not in the grammar.

    Examples
    --------
    >>> parse("segment = new").mark
    '='
    """
    parser = _Parser(_tokens(text), text)
    condition = parser.condition(0)
    if parser.at < len(parser.tokens):
        raise parser.fault("and, or, or the end")
    return condition


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return (kind, text) of each token; kinds are quoted, mark and word."""
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise LogError(f"cannot read {text[at:].strip()!r}", where="--where", expected=f"a condition {_EXAMPLE}")
        kind = str(match.lastgroup)
        found = match[kind]
        tokens.append((kind, found[1:-1].replace(found[0] * 2, found[0]) if kind == "quoted" else found))
        at = match.end()
    return tokens


class _Parser:
    """Reads a condition from its tokens, from left to right."""

    def __init__(self, tokens: Sequence[tuple[str, str]], text: str) -> None:
        self.tokens = tokens
        self.text = text
        self.at = 0

    def fault(self, expected: str) -> LogError:
        found = f'"{self.tokens[self.at][1]}"' if self.at < len(self.tokens) else "the end"
        help = f"A condition is {_EXAMPLE}; quote what holds spaces or marks."
        return LogError(f"{found} in {self.text!r}", where="--where", expected=expected, help=help)

    def taken(self, *words: str) -> str | None:
        """Return the next token and go on, where it is one of these marks or keywords (in any letter case)."""
        if self.at == len(self.tokens):
            return None
        kind, text = self.tokens[self.at]
        if kind == "quoted" or text.lower() not in words:
            return None
        self.at += 1
        return text.lower()

    def condition(self, depth: int) -> Condition:
        return self.several("or", lambda: self.several("and", lambda: self.one(depth)))

    def several(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self.taken(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(word=word, parts=tuple(parts))

    def one(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise LogError(f"nested deeper than {DEEPEST}", where="--where", expected="a simpler condition")
        if self.taken("not"):
            return _not(self.one(depth + 1))
        if self.taken("("):
            inner = self.condition(depth + 1)
            if not self.taken(")"):
                raise self.fault("a closing parenthesis")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        name = self.word("the name of an attribute")
        if self.taken("is"):
            known = self.taken("known", "unknown")
            if known is None:
                raise self.fault("known or unknown")
            said = Comparison(name=name, mark="known")
            return said if known == "known" else _not(said)
        if self.taken("not"):
            if not self.taken("in"):
                raise self.fault("in")
            return _not(Comparison(name=name, mark="in", values=self.values()))
        if self.taken("in"):
            return Comparison(name=name, mark="in", values=self.values())
        mark = self.taken("=", "==", "!=", "<>", *_ORDER, "contains")
        if mark is None:
            raise self.fault("= != < <= > >= in, contains or is")
        mark = _SAME.get(mark, mark)
        said = Comparison(name=name, mark=mark.replace("!=", "="), values=(self.value(),))
        return _not(said) if mark == "!=" else said

    def values(self) -> tuple[str, ...]:
        if not self.taken("("):
            raise self.fault("values in parentheses")
        values = [self.value()]
        while self.taken(","):
            values.append(self.value())
        if not self.taken(")"):
            raise self.fault("a comma or a closing parenthesis")
        return tuple(values)

    def value(self) -> str:
        """Return the next value; a number may have a unit behind a space, as in 5 d."""
        text = self.word("a value")
        kind, unit = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "word" and unit.lower() not in _KEYWORDS and re.fullmatch(r"[0-9.]+", text):
            self.at += 1
            return f"{text} {unit}"
        return text

    def word(self, expected: str) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("mark", "")
        if kind == "mark" or (kind == "word" and text.lower() in _KEYWORDS):
            raise self.fault(expected)
        self.at += 1
        return text


def _not(condition: Condition) -> Condition:
    return Joined(word="not", parts=(condition,))
