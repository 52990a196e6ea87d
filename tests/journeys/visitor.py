"""Somebody with a browser who goes through the pages, and a strict eye that looks at each state they pass."""

import re

from axe_playwright_python.sync_playwright import Axe

from coordination.examples.people import PASSWORD

AXE = Axe()
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
NARROWEST = 320
# Text that leaves the window, or its own clipping box; what only screen readers read is meant to be clipped,
# and the row of the desk's links scrolls sideways on a phone.
CUT_OFF = """() => {
  const MEANT = ".unseen, .desk-nav, .skip, script, style, thead, option, svg, [hidden]", found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`scrolls sideways: ${wide}`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.trim(), parent = node.parentElement;
    if (!text || parent.closest(MEANT) || !parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const out = box.right > innerWidth + 1 || box.left < -1;
      if (box.width && out) found.push(`outside: ${text}`);
    }
    for (let around = parent; around && around !== document.body; around = around.parentElement) {
      const clips = ["hidden", "clip"].includes(getComputedStyle(around).overflowX);
      if (clips && around.scrollWidth > around.clientWidth + 1) found.push(`cut off: ${text}`);
    }
  }
  return [...new Set(found)];
}"""
FOCUS_IS_SEEN = """() => {
  const look = getComputedStyle(document.activeElement);
  return look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2;
}"""
FOCUSED = """() => { const it = document.activeElement;
  return (it.labels && it.labels[0]?.innerText) || it.innerText || it.getAttribute("aria-label") || it.id || ""; }"""


class Visitor:
    """One person at one browser."""

    def __init__(self, browser, portal, width=1280, height=800, **options):
        self.portal, self.width, self.height = portal, width, height
        self.scripted = options.get("java_script_enabled", True)
        self.context = browser.new_context(
            base_url=portal, viewport={"width": width, "height": height}, accept_downloads=True, **options
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _hear(self, message):
        refused = "status of 40" in message.text and "/static/" not in message.location.get("url", "")
        if message.type in {"error", "warning"} and not refused:  # a page that says no is looked at like any other
            self.complaints.append(f"{self.page.url}: {message.text}")

    def sign_in(self, email, password=PASSWORD):
        self.email = email
        self.go("/accounts/login/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.press("Sign in")
        self.page.wait_for_url("**/me/")

    def go(self, address):
        return self.page.goto(address)

    def follow(self, name, exact=False):
        """Follow a link of the page itself, not of its head."""
        self.page.get_by_role("main").get_by_role("link", name=name, exact=exact).first.click()
        self.page.wait_for_load_state()

    def press(self, name, exact=False):
        self.page.get_by_role("main").get_by_role("button", name=name, exact=exact).first.click()
        self.page.wait_for_load_state()

    def fill(self, **fields):
        """Fill fields by their names; lists tick boxes."""
        for name, value in fields.items():
            for one in value if isinstance(value, list) else [value]:
                self._fill_one(name, one)

    def _fill_one(self, name, value):
        field = self.page.get_by_role("main").locator(f"[name='{name}']")
        kind = field.first.evaluate("it => it.type")
        if kind in {"checkbox", "radio"}:
            self.page.locator(f"[name='{name}'][value='{value}']").check()
        elif kind.startswith("select"):
            field.select_option(label=value)
        else:
            field.fill(value)

    def sees(self, text):
        """The page says this, after what was pressed has come to its end."""
        self.page.get_by_text(text).locator("visible=true").first.wait_for()

    def look(self, *texts):
        """See these words, then judge the page: one heading, nothing axe finds, nothing cut off on a narrow phone.

        Axe is a script itself: in a browser without scripts it would never answer.
        """
        for text in texts:
            self.sees(text)
        headings = self.page.locator("h1").all_inner_texts()
        assert len(headings) == 1, f"{self.page.url} has the headings {headings}"
        assert self.cut_off() == [], self.page.url
        found = AXE.run(self.page, options=RULES).response["violations"] if self.scripted else []
        assert [_told(violation) for violation in found] == [], self.page.url

    def cut_off(self, width=NARROWEST):
        """What a narrow window cuts off."""
        self.page.set_viewport_size({"width": width, "height": self.height})
        found = self.cut_off_now()
        self.page.set_viewport_size({"width": self.width, "height": self.height})
        return found

    def cut_off_now(self):
        """What the window cuts off as wide as it is."""
        return self.page.evaluate(CUT_OFF)

    def tab_to(self, name, most=80):
        """Walk by Tab to what is called so; the focus is seen at every step."""
        for _step in range(most):
            self.page.keyboard.press("Tab")
            assert self.page.evaluate(FOCUS_IS_SEEN), f"focus is not seen at {self.page.evaluate(FOCUSED)!r}"
            if re.search(name, self.page.evaluate(FOCUSED)):
                return
        raise AssertionError(f"Tab does not reach {name!r} at {self.page.url}")

    def by_key(self, name, key="Enter", to=None):
        """Walk by Tab to what is called so, and press a key there; `to` is the address where that leads."""
        self.tab_to(name)
        self.page.keyboard.press(key)
        if to:
            self.page.wait_for_url(to)


def _told(violation):
    nodes = [f"{node['target']} {node['failureSummary']}" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']} {nodes}"
