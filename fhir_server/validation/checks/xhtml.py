"""The XHTML of narratives: allowed elements and attributes, and the problems of a text.

https://hl7.org/fhir/R4/narrative.html#xhtml
"""

import re
from collections.abc import Collection, Iterator, Mapping
from html.entities import html5
from xml.parsers.expat import ExpatError, ParserCreate

from fhir_server.issues import Text
from fhir_server.validation.checks import messages
from fhir_server.validation.findings import excerpt, shortened

NAMESPACE = "http://www.w3.org/1999/xhtml"
DEPTH_MAX = 100
PROBLEMS_MAX = 20

ELEMENTS = frozenset({
    "p", "br", "span", "b", "em", "i", "strong", "small", "big", "tt", "dfn", "q", "var", "abbr",
    "acronym", "cite", "bdo", "kbd", "sub", "sup", "code", "samp", "h1", "h2", "h3", "h4", "h5", "h6",
    "a", "img", "hr", "address", "pre", "blockquote", "div", "ul", "ol", "li", "dl", "dt", "dd", "map",
    "area", "table", "caption", "colgroup", "col", "thead", "tfoot", "tbody", "tr", "th", "td",
})  # fmt: skip
ATTRIBUTES = frozenset({
    "title", "style", "class", "id", "lang", "xml:lang", "dir", "accesskey", "tabindex", "span",
    "width", "align", "valign", "char", "charoff", "abbr", "axis", "headers", "scope", "rowspan",
    "colspan", "xml:space",
})  # fmt: skip
OWN_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "a": frozenset(["href", "name", "charset", "type", "hreflang", "rel", "rev", "shape", "coords"]),
    "img": frozenset(["src", "border", "alt", "longdesc", "height", "width", "usemap", "ismap"]),
    "blockquote": frozenset({"cite"}),
    "q": frozenset({"cite"}),
    "map": frozenset({"name"}),
    "area": frozenset(["shape", "coords", "href", "nohref", "alt"]),
    "table": frozenset(["summary", "width", "border", "frame", "rules", "cellspacing", "cellpadding"]),
    "td": frozenset({"nowrap"}),
}
PARENTS: Mapping[str, frozenset[str]] = {
    "tr": frozenset({"table", "thead", "tfoot", "tbody"}),
    "td": frozenset({"tr"}),
    "th": frozenset({"tr"}),
    "tbody": frozenset({"table"}),
    "thead": frozenset({"table"}),
    "tfoot": frozenset({"table"}),
    "caption": frozenset({"table"}),
    "colgroup": frozenset({"table"}),
    "col": frozenset({"colgroup", "table"}),
    "li": frozenset({"ul", "ol"}),
    "dt": frozenset({"dl"}),
    "dd": frozenset({"dl"}),
    "area": frozenset({"map"}),
}
"""Elements that are only allowed inside certain others."""
BLOCKS = frozenset({"div", "blockquote", "table", "ol", "ul", "p"})
"""Elements that are not allowed inside a paragraph."""
PLACED = BLOCKS | frozenset(PARENTS)
LINKS = frozenset({"href", "src", "cite", "longdesc", "usemap"})
LINK_SCHEMES = frozenset({"", "http", "https", "mailto", "tel", "sms", "ftp", "urn", "cid", "fax"})
NAMED = frozenset({"a", "map"})
"""Elements whose `name` attribute can be the target of a link."""
_scheme = re.compile(r"[\s\x00-\x20]*([A-Za-z][A-Za-z0-9+.\-]*)\s*:").match
_image_data = re.compile(r"\s*data:image/(?:png|jpe?g|gif|webp|bmp)[;,]", re.IGNORECASE).match
_named_entity = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_KNOWN = {f"{NAMESPACE} {name}": name for name in ELEMENTS}
_IMAGE = f"{NAMESPACE} img"
_WHITE_SPACE = " \t\r\n"
"""XML's white space; it does not include the no-break space."""
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})


def problems(text: str, ids: Collection[str] = ()) -> Iterator[tuple[str, Text]]:
    """The problems of a narrative's XHTML, as pairs of rule key and text.

    `ids` are the ids in the resource that links may lead to.
    """
    reader = _Reader()
    try:
        reader.read(text)
    except _Refused as refused:
        yield "txt-1", refused.text
        return
    except (ExpatError, ValueError) as error:
        yield "txt-1", messages.NOT_XHTML(reason=error)
        return
    yield from reader.found[:PROBLEMS_MAX]
    yield from _of_entities(text)
    for target in reader.targets - reader.ids - {*ids}:
        yield "narrative-link", messages.XHTML_TARGET(value=excerpt(f"#{target}"))
    if not reader.says_something:
        yield "txt-2", messages.XHTML_EMPTY()


class _Refused(Exception):
    """The text must not be parsed any further."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


class _Reader:
    """Parses one narrative. It never fetches anything, and refuses entity declarations."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Text]] = []
        self.says_something = False
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self._open: list[str] = []

    def read(self, text: str) -> None:
        parser = ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ProcessingInstructionHandler = self._refuse
        parser.XmlDeclHandler = self._refuse
        parser.Parse(_without_named_entities(text).encode("utf-8", "surrogatepass"), True)

    def _refuse(self, *_: object) -> None:
        raise _Refused(messages.XHTML_DECLARATION())

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        name = _KNOWN.get(qualified) or self._unknown(qualified)
        depth = len(self._open)
        if not depth and name != "div":
            self._report(messages.XHTML_ROOT(name=shortened(name)))
        elif depth >= DEPTH_MAX:
            raise _Refused(messages.NOT_XHTML(reason=f"depth > {DEPTH_MAX}"))
        if name in PLACED:
            self._place(name)
        for attribute, value in attributes.items():
            self._attribute(name, attribute.replace("http://www.w3.org/XML/1998/namespace ", "xml:"), value)
        self._open.append(name)

    def _unknown(self, qualified: str) -> str:
        """Report an element that is not allowed; returns its name."""
        namespace, _, name = qualified.rpartition(" ")
        if namespace != NAMESPACE:
            self._report(messages.XHTML_NAMESPACE(name=shortened(name)))
        if name not in ELEMENTS:
            self._report(messages.XHTML_ELEMENT(name=shortened(name)))
        return name

    def _end(self, qualified: str) -> None:
        self.says_something |= qualified == _IMAGE
        self._open.pop()

    def _characters(self, data: str) -> None:
        self.says_something |= bool(data.strip(_WHITE_SPACE))

    def _place(self, name: str) -> None:
        """Check that an element is allowed at its position."""
        parent = self._open[-1] if self._open else None
        if parent is None:
            return
        if name in PARENTS and parent not in PARENTS[name]:
            self._report(messages.XHTML_PLACE(name=name, parent=shortened(parent)), "narrative-place")
        elif name in BLOCKS and "p" in self._open:
            self._report(messages.XHTML_PLACE(name=name, parent="p"))

    def _attribute(self, name: str, attribute: str, value: str) -> None:
        if attribute not in ATTRIBUTES and attribute not in OWN_ATTRIBUTES.get(name, ()):
            self._report(messages.XHTML_ATTRIBUTE(attribute=shortened(attribute), name=shortened(name)))
        elif attribute in LINKS and not _is_safe_link(name, value):
            self._report(messages.XHTML_LINK(value=excerpt(value)))
        elif attribute == "id" and value in self.ids:
            self._report(messages.XHTML_TWICE(id=shortened(value)), "narrative-id")
        if attribute == "id" or (attribute == "name" and name in NAMED):
            self.ids.add(value)
        elif attribute in ("href", "src") and len(value) > 1 and value.startswith("#"):
            self.targets.add(value[1:])

    def _report(self, text: Text, key: str = "txt-1") -> None:
        self.found.append((key, text))


def _is_safe_link(name: str, value: str) -> bool:
    scheme = _scheme(value)
    if scheme and scheme[1].lower() == "data":
        return name == "img" and _image_data(value) is not None
    return (scheme[1].lower() if scheme else "") in LINK_SCHEMES


def _without_named_entities(text: str) -> str:
    """The text with the named characters of HTML, such as &nbsp;, written out. An unknown name stays, and is
    then no well-formed XML.
    """
    if "&" not in text:
        return text
    return _named_entity.sub(lambda found: _character(found[1]) or found[0], text)


def _of_entities(text: str) -> Iterator[tuple[str, Text]]:
    """Warnings for named HTML characters, which XML does not define."""
    if "&" in text:
        for name in dict.fromkeys(_named_entity.findall(text)):
            if (character := _character(name)) is not None:
                code = "".join(f"&#{ord(letter)};" for letter in character)
                yield "narrative-entity", messages.XHTML_ENTITY(name=name, code=code)


def _character(name: str) -> str | None:
    return None if name in _OF_XML else html5.get(f"{name};")
