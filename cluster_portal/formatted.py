"""What people write at length: Markdown, and what Word leaves behind when it is pasted; drawn as HTML that is safe.

Kept as it was written; all of this happens when it is shown. Two walls: markdown-it never lets their own HTML through,
and nh3 lets nothing pass that is not named here.
"""

import re
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as drawn_as_table
from markdown_it.token import Token

from cluster_portal.one_line import CONTROLS
from cluster_portal.pasted_lists import with_lists

# Below the title of the page and the heading of its section.
HEADINGS_FROM = 3
LOWEST_HEADING = 6
TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "strong", "em", "s", "code", "pre",
    "a", "table", "thead", "tbody", "tr", "th", "td", "div",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "div": {"class", "tabindex"}}
SCHEMES = {"http", "https", "mailto"}
# Of one text; every row of a table is filled up to the width of its head, so that few letters can ask for many cells.
MOST_CELLS = 1_000

# Invisible in print, and in the way of reading aloud, searching and comparing.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\u0085\u2028\u2029]")
_YEAR = re.compile(r"^([ \t]*\d{4,})([.)])(?=\s)", re.MULTILINE)  # begins a sentence, not a list of thousands
_ADDRESS = re.compile(r"https?://[^\s<>\"“”«»]*[^\s<>\"“”«».,:;!?'…]")


def formatted(text: str, headings_from: int = HEADINGS_FROM) -> SafeString:
    """The text as safe HTML. Its headings begin at a level that fits the page, and leave none out."""
    tokens = parsed(text)
    _set_headings(tokens, headings_from)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow ugc")
    return mark_safe(clean)  # noqa: S308 - nh3 has let nothing else through


def plain(text: str) -> str:
    """The text without its marks, a line for each paragraph: for mail, search and machines."""
    said = [_words(token) for token in parsed(text) if token.type in {"inline", "fence"}]
    return "\n".join(line for line in said if line)


def parsed(text: str) -> list[Token]:
    """The text as tokens of markdown-it, for whoever draws something else than HTML of it."""
    return _MARKDOWN.parse(tidied(text))


def tidied(text: str) -> str:
    """What was pasted, as Markdown: one kind of line end, lists as lists, nothing invisible."""
    text = CONTROLS.sub("", _LINE_ENDS.sub("\n", text).translate(_INVISIBLE))
    return _YEAR.sub(r"\1\\\2", with_lists(text))


def _words(token: Token) -> str:
    """What one token says."""
    if token.children is None:
        return token.content.strip()
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(it.type, it.content) for it in token.children).strip()


def _set_headings(tokens: list[Token], highest: int) -> None:
    """Nest headings below each other without a gap, whatever levels were written: a screen reader walks by them."""
    above: list[int] = []
    for token in tokens:
        if token.type not in {"heading_open", "heading_close"}:
            continue
        if token.type == "heading_open":
            written = int(token.tag[1])
            above = [level for level in above if level < written] + [written]
        token.tag = f"h{min(highest + len(above) - 1, LOWEST_HEADING)}"


def _table(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    """A table as long as the cells of the text are not used up; what goes beyond stays the text that it is."""
    if state.env.get("cells", 0) + _cells_at_most(state, line, last) > MOST_CELLS:
        return False
    if not drawn_as_table(state, line, last, silent):
        return False
    if not silent:
        state.env["cells"] = state.env.get("cells", 0) + _cells_at_most(state, line, last)
    return True


def _cells_at_most(state: StateBlock, line: int, last: int) -> int:
    """How many cells a table that begins here can have: the columns of its head, in every line until an empty one."""
    head = state.src[state.bMarks[line] : state.eMarks[line]].strip().strip("|")
    below, most = line + 2, min(last, line + 2 + MOST_CELLS)  # after the head and the line below it
    while below < most and not state.isEmpty(below):
        below += 1
    return (head.count("|") + 1) * (below - line - 1)


def _link_addresses(state: Any) -> None:
    """Make links of bare addresses, outside of links and code."""
    for block in state.tokens:
        if block.type == "inline" and "://" in block.content:
            block.children = _with_links(block.children)


def _with_links(children: list[Token]) -> list[Token]:
    drawn: list[Token] = []
    within = 0
    for token in children:
        within += token.nesting if token.type in {"link_open", "link_close"} else 0
        drawn += [token] if within or token.type != "text" else _pieces(token.content)
    return drawn


def _pieces(text: str) -> list[Token]:
    pieces, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = found[0]
        if address.endswith(")") and "(" not in address:
            address = address.rstrip(")")  # the sentence's own
        pieces += [
            Token("text", "", 0, content=text[end : found.start()]),
            Token("link_open", "a", 1, attrs={"href": _MARKDOWN.normalizeLink(address)}),
            Token("text", "", 0, content=address),
            Token("link_close", "a", -1),
        ]
        end = found.start() + len(address)
    return [*pieces, Token("text", "", 0, content=text[end:])]


def _markdown() -> MarkdownIt:
    # Indented code and underlined headings are left out: people indent paragraphs, and draw lines below them.
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    markdown.disable(["code", "lheading", "html_block", "html_inline"])
    markdown.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    markdown.core.ruler.push("addresses", _link_addresses)
    rules: dict[str, Any] = markdown.renderer.rules
    rules["image"] = lambda tokens, at, options, env: escape(tokens[at].content)  # its words; pictures are files
    rules["table_open"] = lambda *_: '<div class="scrolls" tabindex="0"><table>\n'
    rules["table_close"] = lambda *_: "</table></div>\n"
    return markdown


_MARKDOWN = _markdown()
