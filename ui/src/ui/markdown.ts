/** Model text to a safe piece of the page: Markdown without raw HTML, links or images, sanitised; numbers are marked by source. */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

/** Where a number stands, counted in characters; `handle` is the result that it was traced to, if it was. */
interface Numbered {
  readonly start: number;
  readonly end: number;
  readonly handle: string | null;
}

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
const MARKED = /(\uE000\d+\uE001[^\uE002]*\uE002)/;
const PARTS = /^\uE000(\d+)\uE001([^\uE002]*)\uE002$/;
const STRAY = "Not from your data: no cell of a result has this value";

/** What to put into the page: each number that was traced is a button, each other one a mark that says so. */
export function toFragment(text: string, numbers: readonly Numbered[] = []): DocumentFragment {
  const options = { FORBID_ATTR: ["style"], FORBID_TAGS: ["style", "img", "a"], RETURN_DOM_FRAGMENT: true as const };
  const fragment = DOMPurify.sanitize(render(mark(text, numbers)), options);
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (const node of texts) if (/[\uE000-\uE002]/.test(node.data)) node.replaceWith(...unmarked(node.data, numbers));
  return fragment;
}

/** Markdown to HTML that has no link, no image and no tag of the text's own; sanitised by toFragment once more. */
export function render(text: string): string {
  return markdown.render(text);
}

export function mark(text: string, numbers: readonly Numbered[]): string {
  const characters = [...text].map((c) => (c >= OPEN && c <= CLOSE ? " " : c)); // positions count characters, not UTF-16 units
  numbers.forEach((number, index) => {
    characters[number.start] = `${OPEN}${index}${MIDDLE}${characters[number.start] ?? ""}`;
    characters[number.end - 1] = `${characters[number.end - 1] ?? ""}${CLOSE}`;
  });
  return characters.join("");
}

function unmarked(text: string, numbers: readonly Numbered[]): (Node | string)[] {
  return text.split(MARKED).map((piece) => {
    const [, index, written] = PARTS.exec(piece) ?? [];
    const number = index === undefined ? undefined : numbers[Number(index)];
    if (number !== undefined) return marked(written ?? "", Number(index), number.handle);
    return piece.replace(/\uE000\d+\uE001|[\uE000-\uE002]/g, ""); // a number that markup cuts in two stays plain text
  });
}

function marked(written: string, index: number, handle: string | null): HTMLElement {
  const element = document.createElement(handle === null ? "span" : "button");
  element.textContent = written;
  element.className = handle === null ? "stray" : "traced";
  element.title = handle === null ? STRAY : `From result ${handle}: show its cells`;
  element.dataset.number = String(index);
  if (element instanceof HTMLButtonElement) element.type = "button";
  return element;
}
