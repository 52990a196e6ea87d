"""What people write at length becomes safe HTML, and what Word leaves behind stays readable."""

import re

import pytest
from django.template import Context, Template
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_portal.formatted import ATTRIBUTES, TAGS, formatted, plain


def drawn(text):
    return formatted(text).replace("\n", "")


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("**bold** and *italic*", "<p><strong>bold</strong> and <em>italic</em></p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("3. one\n4. two", '<ol start="3"><li>one</li><li>two</li></ol>'),
        ("~~no~~", "<p><s>no</s></p>"),
        ("“Quotes” – and №", "<p>“Quotes” – and №</p>"),
        (
            "[a page](https://example.org/)",
            '<p><a href="https://example.org/" rel="nofollow ugc">a page</a></p>',
        ),
        (
            "See https://example.org/a_b_c.",
            '<p>See <a href="https://example.org/a_b_c" rel="nofollow ugc">https://example.org/a_b_c</a>.</p>',
        ),
        (
            "(https://example.org/)",
            '<p>(<a href="https://example.org/" rel="nofollow ugc">https://example.org/</a>)</p>',
        ),
        ("`https://example.org/`", "<p><code>https://example.org/</code></p>"),
        (
            "a|b\n-|-\n1|2",
            '<div class="scrolls" tabindex="0"><table><thead><tr><th>a</th><th>b</th></tr></thead>'
            "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>",
        ),
        ("A line\n---", "<p>A line</p><hr>"),
        ("\tIndented", "<p>Indented</p>"),
        ("", ""),
    ],
)
def test_markdown_is_drawn(written, html):
    assert drawn(written) == html


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("<b onclick='x'>hi</b>", "<p>&lt;b onclick='x'&gt;hi&lt;/b&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](data:text/html,1)", "<p>[x](data:text/html,1)</p>"),
        ("[x](ftp://example.org/)", '<p><a rel="nofollow ugc">x</a></p>'),
        ("![a picture](https://example.org/x.png)", "<p>a picture</p>"),
        ("![<b>](https://example.org/x.png)", "<p>&lt;b&gt;</p>"),
        ("right \u202eleft", "<p>right left</p>"),
        ('[x](https://example.org/ "a\\" onmouseover=\\"b")',
         '<p><a href="https://example.org/" title="a&quot; onmouseover=&quot;b" rel="nofollow ugc">x</a></p>'),
    ],
)  # fmt: skip
def test_nothing_that_runs_or_loads_gets_through(written, html):
    assert drawn(written) == html


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<>&\"'`*_[]()!#|-\n\t •o1.)ahrefscipt:/=\\x", max_size=80))
def test_no_text_makes_a_tag_or_an_attribute_that_is_not_named(text):
    html = formatted(text)
    for name, rest in re.findall(r"<([a-z][a-z0-9]*)((?:\s+[a-z]+=\"[^\"]*\")*)\s*>", html):
        assert name in TAGS
        assert set(re.findall(r"([a-z]+)=\"", rest)) <= ATTRIBUTES.get(name, set()) | {"rel"}
    assert formatted(text).count("<") == len(
        re.findall(r"</?[a-z][a-z0-9]*(?:\s+[a-z]+=\"[^\"]*\")*\s*>", formatted(text))
    )


def test_headings_begin_below_the_pages_and_leave_out_no_level():
    text = "## Second\n# First\n#### Deep\n##### Deeper\n###### Deepest\n# Last"
    assert re.findall(r"<(h\d)>(\w+)", drawn(text)) == [
        ("h3", "Second"), ("h3", "First"), ("h4", "Deep"), ("h5", "Deeper"), ("h6", "Deepest"), ("h3", "Last"),
    ]  # fmt: skip
    assert formatted("# One\n## Two", 2) == "<h2>One</h2>\n<h3>Two</h3>\n"


@pytest.mark.parametrize(
    ("pasted", "html"),
    [
        ("•\tone\r\n•\ttwo", "<ul><li>one</li><li>two</li></ul>"),
        ("\uf0b7\tone\n\uf0b7\ttwo", "<ul><li>one</li><li>two</li></ul>"),
        ("• one\n• two", "<ul><li>one</li><li>two</li></ul>"),
        ("•\tone\no\tin it\n§\tdeeper\n•\ttwo",
         "<ul><li>one<ul><li>in it<ul><li>deeper</li></ul></li></ul></li><li>two</li></ul>"),
        ("1.\tone\n2.\ttwo", "<ol><li>one</li><li>two</li></ol>"),
        ("1)\tone\na)\tin it\nb)\ttoo\n2)\ttwo",
         "<ol><li>one<ol><li>in it</li><li>too</li></ol></li><li>two</li></ol>"),
        ("1.\tone\n•\tin it\n2.\ttwo", "<ol><li>one<ul><li>in it</li></ul></li><li>two</li></ol>"),
        ("•\tone\n1.\tfirst", "<ul><li>one</li></ul><ol><li>first</li></ol>"),
        ("Before\n2.\ttwo\nAfter", '<p>Before</p><ol start="2"><li>two</li></ol><p>After</p>'),
        ("dif\u00adfi\u00adcult\u200b", "<p>difficult</p>"),
        ("one\x0btwo\u2028three", "<p>one<br>two<br>three</p>"),
        ("o, said the teacher", "<p>o, said the teacher</p>"),
        ("2027.\tThe year", "<p>2027.\tThe year</p>"),
    ],
)  # fmt: skip
def test_what_word_leaves_behind_stays_lists_and_text(pasted, html):
    assert drawn(pasted) == html


def test_plain_words_for_machines():
    text = "# Aims\n\n•\tsee **this** [page](https://example.org/)\n\na|b\n-|-\n1|2\n\nlast\nline ![pic](x.png)"
    assert plain(text) == "Aims\nsee this page\na\nb\n1\n2\nlast line pic"


def test_filter_needs_no_load_and_takes_a_level():
    page = Template("{{ text|formatted:2 }}{{ text }}{{ nothing|formatted }}")
    shown = page.render(Context({"text": "# <A>", "nothing": ""}))
    assert shown == '<div class="prose"><h2>&lt;A&gt;</h2>\n</div># &lt;A&gt;'


@pytest.mark.parametrize("text", ["[" * 20_000, "*a " * 6_666, "> " * 10_000, "•\tx\n" * 5_000, "![](" * 5_000])
def test_no_text_keeps_a_page_waiting(text):
    assert len(formatted(text)) > 0


def test_a_table_is_drawn_to_its_last_cell():
    rows = "\n".join("|a|b|c|d|" for _number in range(200))
    html = formatted(f"|a|b|c|d|\n|-|-|-|-|\n{rows}")
    assert (html.count("<th>"), html.count("<td>")) == (4, 800)


@pytest.mark.parametrize(
    "text",
    [
        "|a" * 2_000 + "|\n" + "|-" * 2_000 + "|\n" + "a\n" * 6_000,  # rows are filled up to the head
        "|a|\n|-|\n" + "b\n" * 9_000,
        "|a|\n|-|\n\n" * 2_000,
        "> |a|\n> |-|\n\n- |a|\n  |-|\n\n" * 600,
    ],
    ids=["wide", "long", "many", "nested"],
)
def test_no_text_is_drawn_with_more_cells_than_a_page_can_show(text):
    html = formatted(text[:20_000])
    assert html.count("<th>") + html.count("<td>") <= 1_000
    assert len(html) <= 250_000
    assert plain(text[:20_000])


def test_what_goes_beyond_the_largest_table_stays_as_text():
    html = formatted("|Tool|Use|\n|-|-|\n" + "|GPT|asks|\n" * 1_000)
    assert ("<table>" in html, html.count("GPT")) == (False, 1_000)
