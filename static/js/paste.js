// Text pasted from Word, LibreOffice or a web page stays what it was: headings, lists, bold, links, tables become Markdown.
// Without this file plain text arrives, and the server makes lists of it again (cluster_portal/pasted_lists.py).
"use strict";

(() => {
  const BLOCKS = new Set(["P", "DIV", "H1", "H2", "H3", "H4", "H5", "H6", "UL", "OL", "LI", "TABLE", "BLOCKQUOTE", "PRE", "HR"]);
  const SKIPPED = new Set(["STYLE", "SCRIPT", "META", "LINK", "TITLE", "HEAD", "IMG", "SVG", "O:P"]);

  const styleOf = (node, name) => new RegExp(`${name}\\s*:\\s*([^;]+)`, "i").exec(node.getAttribute("style") || "")?.[1].trim();
  const isBold = (node) => ["B", "STRONG"].includes(node.tagName)
    ? !["normal", "400"].includes(styleOf(node, "font-weight")) : /^(bold|[6-9]00)$/.test(styleOf(node, "font-weight") || "");
  const isItalic = (node) => ["I", "EM"].includes(node.tagName)
    ? styleOf(node, "font-style") !== "normal" : styleOf(node, "font-style") === "italic";

  // What would be a mark of Markdown is written with a backslash; soft hyphens and other invisible letters go.
  const escaped = (text) => text.replace(/[\u00ad\u200b\u2060\ufeff]/g, "").replace(/[\s\u00a0]+/g, " ")
    .replace(/[\\`*_[\]~|]/g, "\\$&");

  function marked(text, mark) {
    const [, before, words, after] = /^(\s*)([^]*?)(\s*)$/.exec(text);
    return words ? `${before}${mark}${words}${mark}${after}` : text;
  }

  function inline(node) {
    if (node.nodeType === Node.TEXT_NODE) return escaped(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || SKIPPED.has(node.tagName) || /mso-list\s*:\s*ignore/i.test(node.getAttribute("style") || "")) return "";
    if (node.tagName === "BR") return "\n";
    let text = [...node.childNodes].map(inline).join("");
    if (isBold(node) && !/^H\d$/.test(node.tagName) && !node.closest("h1,h2,h3,h4,h5,h6")) text = marked(text, "**");
    if (isItalic(node)) text = marked(text, "*");
    const href = node.tagName === "A" ? node.getAttribute("href") || "" : "";
    if (/^(https?|mailto):/i.test(href) && text.trim()) text = marked(text, "\u0000").replace(/\u0000([^]*)\u0000/, `[$1](<${href.replace(/[<>\s]/g, encodeURIComponent)}>)`);
    return text;
  }

  const line = (node) => inline(node).split("\n").map((it) => it.trim()).join("\n").trim();

  // Word says lists as paragraphs: their level stands in the style, their mark in a part that is to be ignored.
  function wordItem(node) {
    const style = node.getAttribute("style") || "";
    const level = /mso-list\s*:\s*l\d+\s+level(\d+)/i.exec(style);
    if (!level) return null;
    const mark = [...node.querySelectorAll("[style]")].find((it) => /mso-list\s*:\s*ignore/i.test(it.getAttribute("style")));
    const isNumber = /^\s*[\p{L}\d]{1,4}[.)]/u.test(mark?.textContent || "") && !/^\s*[o§]\s/.test(mark.textContent);
    return { depth: Number(level[1]) - 1, isNumber, text: line(node) };
  }

  function list(node, depth) {
    let number = Number(node.getAttribute("start")) || 1;
    const rows = [];
    for (const item of node.children) {
      if (["UL", "OL"].includes(item.tagName)) { rows.push(list(item, depth + 1)); continue; }
      if (item.tagName !== "LI") continue;
      const own = item.cloneNode(true);
      for (const inner of own.querySelectorAll("ul, ol")) inner.remove();
      const mark = node.tagName === "OL" ? `${number++}. ` : "- ";
      const indent = "    ".repeat(depth);
      rows.push(`${indent}${mark}${line(own).replace(/\n+/g, `\n${indent}    `)}`);
      for (const inner of item.children) if (["UL", "OL"].includes(inner.tagName)) rows.push(list(inner, depth + 1));
    }
    return rows.filter(Boolean).join("\n");
  }

  function table(node) {
    const rows = [...node.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => line(cell).replace(/\n+/g, " ")));
    const width = Math.max(0, ...rows.map((row) => row.length));
    if (!width) return "";
    const written = rows.map((row) => `| ${[...row, ...Array(width - row.length).fill("")].join(" | ")} |`);
    written.splice(1, 0, `|${" --- |".repeat(width)}`);
    return written.join("\n");
  }

  function block(node) {
    const level = /^H([1-6])$/.exec(node.tagName) || /^MsoHeading([1-6])$|^MsoTitle$/.exec(node.className || "");
    if (level && line(node)) return `${"#".repeat(Number(level[1] || 1))} ${line(node).replace(/\n+/g, " ")}`;
    if (["UL", "OL"].includes(node.tagName)) return list(node, 0);
    if (node.tagName === "TABLE") return table(node);
    if (node.tagName === "HR") return "---";
    if (node.tagName === "BLOCKQUOTE") return blocks(node).replace(/^/gm, "> ");
    return [...node.children].some((it) => BLOCKS.has(it.tagName)) ? blocks(node) : line(node);
  }

  function blocks(root) {
    const parts = [];
    let run = "", items = [];
    const flush = () => {
      if (run.trim()) parts.push(run.trim());
      if (items.length) parts.push(items.map((it) => `${"    ".repeat(it.depth)}${it.isNumber ? "1." : "-"} ${it.text}`).join("\n"));
      run = ""; items = [];
    };
    for (const node of root.childNodes) {
      const item = node.nodeType === Node.ELEMENT_NODE && wordItem(node);
      if (item) { if (run.trim()) flush(); items.push(item); continue; }
      const isBlock = node.nodeType === Node.ELEMENT_NODE && (BLOCKS.has(node.tagName) || node.querySelector?.("p, ul, ol, table, h1, h2, h3"));
      if (!isBlock) {
        const text = inline(node);
        if (text.trim() && items.length) flush();
        run += text;
        continue;
      }
      flush();
      const text = block(node);
      if (text.trim()) parts.push(text);
    }
    flush();
    return parts.join("\n\n");
  }

  const fromHtml = (html) => blocks(new DOMParser().parseFromString(html, "text/html").body).replace(/\n{3,}/g, "\n\n");

  // Only what says more than its plain text is worth it: code and plain lines are pasted as they are.
  const saysMore = (html) => /<(h[1-6]|ul|ol|table|b|strong|i|em|a)[\s>]|mso-list|font-weight:\s*(bold|[6-9]00)|font-style:\s*italic/i.test(html);

  document.addEventListener("paste", (event) => {
    const field = event.target.closest?.("textarea[data-formatted]");
    const html = field && event.clipboardData?.getData("text/html");
    if (!html || !saysMore(html)) return;
    const text = fromHtml(html);
    if (!text) return;
    event.preventDefault();
    // As if it were typed, so that undo takes it back; where that is gone, the text is put in all the same.
    if (!document.execCommand?.("insertText", false, text)) field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
