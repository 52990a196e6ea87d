"""What is pasted from Word or a web page becomes Markdown in a field for long text (static/js/paste.js)."""

import re
from pathlib import Path

import pytest

from cluster_portal.formatted import formatted

pytestmark = pytest.mark.browser
SCRIPT = (Path(__file__).parent.parent.parent / "static/js/paste.js").read_text()
PASTE = """([html, plain]) => {
  const data = new DataTransfer();
  if (html) data.setData("text/html", html);
  data.setData("text/plain", plain);
  const field = document.querySelector("textarea");
  field.focus();
  const went = field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
  return went ? null : field.value;
}"""
WORD_LIST = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p {margin:0}</style></head><body>
<!--StartFragment--><h1>Lesson<o:p></o:p></h1>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><span
style='font-family:Symbol'><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp; </span></span></span>First</p>
<p class=MsoListParagraphCxSpMiddle style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o<span>&nbsp;
</span></span>Within</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>1.<span>&nbsp;
</span></span>Counted</p><p class=MsoNormal><b>Bold</b> and <span style='font-style:italic'>italic</span></p>
<!--EndFragment--></body></html>"""


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    page.set_content("<textarea data-formatted></textarea>")
    page.add_script_tag(content=SCRIPT)
    yield page
    page.close()


def pasted(page, html, plain="plain"):
    page.eval_on_selector("textarea", "it => { it.value = ''; }")
    return page.evaluate(PASTE, [html, plain])


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2>Aims</h2><p>One</p><p>Two</p>", "## Aims\n\nOne\n\nTwo"),
        ("<ul><li>one<ul><li>in it</li></ul></li><li>two</li></ul>", "- one\n    - in it\n- two"),
        ("<ol start=3><li>one</li><li>two</li></ol>", "3. one\n4. two"),
        ("<p>a <b>bold </b>and <em>light</em> word</p>", "a **bold** and *light* word"),
        ("<p><a href='https://example.org/a_b'>a page</a></p>", "[a page](<https://example.org/a_b>)"),
        ("<p><b>x</b><a href='javascript:alert(1)'>no link</a></p>", "**x**no link"),
        ("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2|3</td></tr></table>",
         "| A | B |\n| --- | --- |\n| 1 | 2\\|3 |"),
        ("<b style='font-weight:normal'><p>plain</p><p><i>x</i> 2*3_4</p></b>", "plain\n\n*x* 2\\*3\\_4"),
        ("<p><b>dif\u00adfi\u00adcult</b>\u200b</p>", "**difficult**"),
        ("<p>one<br>two</p><ul><li>x</li></ul>", "one\ntwo\n\n- x"),
        ("<blockquote><p>said</p><p><b>so</b></p></blockquote>", "> said\n> \n> **so**"),
        ("<p>“Quotes” <i>– and dashes</i></p><img src=x onerror=alert(1)>", "“Quotes” *– and dashes*"),
        (WORD_LIST, "# Lesson\n\n- First\n    - Within\n1. Counted\n\n**Bold** and *italic*"),
    ],
)  # fmt: skip
def test_pasted_text_keeps_what_it_was(page, html, markdown):
    assert pasted(page, html) == markdown


@pytest.mark.parametrize("html", ["", "<p>just a line</p>", "<span style='color:red'>code_x</span>"])
def test_plain_text_is_pasted_by_the_browser_itself(page, html):
    assert pasted(page, html) is None


def test_a_list_of_word_comes_out_as_a_list(page):
    html = re.sub(r"\s*\n\s*", "", formatted(pasted(page, WORD_LIST)))
    assert html == (
        "<h3>Lesson</h3><ul><li>First<ul><li>Within</li></ul></li></ul><ol><li>Counted</li></ol>"
        "<p><strong>Bold</strong> and <em>italic</em></p>"
    )


def test_it_is_put_where_the_cursor_stands(page):
    page.eval_on_selector("textarea", "it => { it.value = 'ab'; it.focus(); it.setSelectionRange(1, 1); }")
    assert page.evaluate(PASTE, ["<b>x</b>", "x"]) == "a**x**b"
