"""OCEL 2.0 in XML; document types and entities are refused."""

from pathlib import Path
from xml.parsers import expat

from desireline.errors import LogError
from desireline.log.ocel import Ocel
from desireline.log.opening import PIECE, open_bytes
from desireline.log.xmltags import MOST_DEPTH, damaged, refuse


def read_xml(path: Path) -> Ocel:
    """Return what an OCEL 2.0 file in XML says.

    Raises
    ------
    LogError
        If it is cut off, is no XML, or declares a document type.
    """
    reader = _Reader()
    with open_bytes(path) as stream:
        try:
            while piece := stream.read(PIECE):
                reader.parser.Parse(piece, False)
            reader.parser.Parse(b"", True)
        except expat.ExpatError as fault:
            raise damaged(fault, path) from None
    return reader.ocel


class _Reader:
    """Collects events and objects as they come; the text of an attribute is its value."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.finish
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.parser.EntityDeclHandler = refuse
        self.ocel = Ocel()
        self.path: list[str] = []
        self.object = ""
        self.attribute: tuple[str, str | None] = ("", None)
        self.text: list[str] = []

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        inside = self.path[-1] if self.path else ""
        self.path.append(tag)
        if len(self.path) > MOST_DEPTH:
            raise LogError(f"elements nested deeper than {MOST_DEPTH}", expected="an OCEL 2.0 log")
        if inside == "events" and tag == "event":
            self.ocel.events.append((attributes.get("type"), attributes.get("time")))
        elif inside == "objects" and tag == "object" and "object-id" not in attributes:
            self.object = attributes.get("id", "")
            self.ocel.objects.append((self.object, attributes.get("type", "")))
        elif tag in ("relationship", "object") and "event" in self.path and "object-id" in attributes:
            self.ocel.relations.append((len(self.ocel.events) - 1, attributes["object-id"]))
        elif tag == "attribute":
            self.attribute = (attributes.get("name", ""), attributes.get("time"))
            self.text = []

    def characters(self, text: str) -> None:
        if self.path[-1] == "attribute":
            self.text.append(text)

    def finish(self, tag: str) -> None:
        self.path.pop()
        if tag != "attribute":
            return
        name, time = self.attribute
        value = "".join(self.text)
        if "event" in self.path:
            self.ocel.event_values.append((len(self.ocel.events) - 1, name, value))
        elif "object" in self.path:
            self.ocel.object_values.append((self.object, name, time, value))
