/** Model text to safe HTML: Markdown without raw HTML, links or images, then sanitised; numbers marked by their source. */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import type { NumberFound } from "../api/types.gen";

// a model's answer must never send anything anywhere, so no link and no image is ever made of it
const markdown = new MarkdownIt({ html: false, linkify: false }).disable(["link", "image", "autolink", "reference"]);

// a table's alignment arrives as an inline style, which the content policy forbids already while it is parsed
markdown.core.ruler.push("alignment", (state) => {
  for (const token of state.tokens) {
    const style = token.attrs?.find(([name]) => name === "style");
    if (style === undefined) continue;
    style[0] = "data-align";
    style[1] = String(style[1]).replace("text-align:", "");
  }
});

// private-use characters: they survive Markdown and sanitising, and are taken out of the model's own text first
const OPEN = "\uE000";
const MIDDLE = "\uE001";
const CLOSE = "\uE002";
const MARKED = new RegExp(`${OPEN}(\\d+)${MIDDLE}([^${CLOSE}]*)${CLOSE}`, "g");

/** Trusted Types' own value where the browser has them: the content policy takes no text for HTML. */
export function toHtml(text: string, numbers: readonly NumberFound[] = []) {
  const html = render(mark(text, numbers));
  const marked = html.replace(MARKED, (_, index: string, written: string) => span(written, numbers[Number(index)]));
  return DOMPurify.sanitize(marked, {
    FORBID_ATTR: ["style"],
    FORBID_TAGS: ["style", "img", "a"],
    RETURN_TRUSTED_TYPE: true,
  });
}

/** Markdown to HTML that has no link, no image and no tag of the text's own; sanitised by toHtml once more. */
export function render(text: string): string {
  return markdown.render(text);
}

export function mark(text: string, numbers: readonly NumberFound[]): string {
  const characters = [...text].map((c) => (c >= OPEN && c <= CLOSE ? " " : c)); // positions count characters, not UTF-16 units
  numbers.forEach((number, index) => {
    characters[number.start] = `${OPEN}${index}${MIDDLE}${characters[number.start] ?? ""}`;
    characters[number.end - 1] = `${characters[number.end - 1] ?? ""}${CLOSE}`;
  });
  return characters.join("");
}

function span(written: string, number: NumberFound | undefined): string {
  if (number === undefined) return written;
  if (number.handle === null) return `<span class="stray" title="Not from your data">${written}</span>`;
  return `<span class="traced" data-handle="${number.handle}" title="From result ${number.handle}">${written}</span>`;
}
