/** SQL in pieces, each with what it is, for colouring; joined they are the text again. Pure. */

export interface Piece {
  readonly text: string;
  readonly kind: "keyword" | "function" | "string" | "number" | "comment" | "name" | "plain";
}

const KEYWORDS = new Set(
  (
    "all and any as asc between both by case cast cross desc distinct else end except exclude exists extract false filter " +
    "first following for from full group having ilike in inner intersect interval is join last lateral left like limit " +
    "natural not null nulls offset on or order outer over partition preceding qualify range recursive replace right row rows " +
    "select similar some then true unbounded union unnest using values when where window with within"
  ).split(" "),
);
const PIECES =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>'(?:[^']|'')*(?:'|$))|(?<name>"(?:[^"]|"")*(?:"|$))|(?<number>\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<plain>\s+|.)/giu;

export function colour(sql: string): Piece[] {
  return [...sql.matchAll(PIECES)].map((found) => ({ text: found[0], kind: kindOf(found, sql) }));
}

function kindOf(found: RegExpExecArray, sql: string): Piece["kind"] {
  const { comment, string, name, number, word } = found.groups ?? {};
  if (comment !== undefined) return "comment";
  if (string !== undefined) return "string";
  if (name !== undefined) return "name";
  if (number !== undefined) return "number";
  if (word === undefined) return "plain";
  if (KEYWORDS.has(word.toLowerCase())) return "keyword";
  return /^\s*\(/.test(sql.slice(found.index + word.length)) ? "function" : "plain";
}
