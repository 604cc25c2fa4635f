/** In the place of what markdown-it brings along and an answer never needs: links found in text, and 16 KB of HTML's names. Pure. */

/** Finds no links: none is ever made of an answer. */
export class LinkifyIt {
  test(): boolean {
    return false;
  }
}

/** Host names of links, of which there are none. */
export default { toASCII: (name: string) => name, toUnicode: (name: string) => name };

const NAMED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    nbsp: "\u00a0",
    euro: "€",
    pound: "£",
    yen: "¥",
    cent: "¢",
    deg: "°",
    plusmn: "±",
    times: "×",
    divide: "÷",
    minus: "−",
    micro: "µ",
    middot: "·",
    bull: "•",
    hellip: "…",
    ndash: "–",
    mdash: "—",
    lsquo: "‘",
    rsquo: "’",
    ldquo: "“",
    rdquo: "”",
    le: "≤",
    ge: "≥",
    ne: "≠",
    asymp: "≈",
    rarr: "→",
    larr: "←",
    copy: "©",
    reg: "®",
    trade: "™",
  }),
);

/** The sign that a name such as `&nbsp;` stands for, of those that models write; others stay as they are written. */
export function decodeHTMLStrict(text: string): string {
  return NAMED.get(text.slice(1, -1)) ?? text;
}
