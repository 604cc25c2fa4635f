/** Which turns of a long chat are drawn: those near to where the reader is. Pure. */

/** `end` counts the turns up to the last that is drawn; null follows the end of the chat. */
export interface Near {
  readonly end: number | null;
  readonly most: number;
}

const STEP = 30;
const MOST = 90;

export const LATEST: Near = { end: null, most: STEP };

export function bounds(near: Near, length: number): { readonly from: number; readonly to: number } {
  const to = Math.min(near.end ?? length, length);
  return { from: Math.max(0, to - near.most), to };
}

/** More turns before those that are drawn; far behind them the later ones go. */
export function earlier(near: Near, length: number): Near {
  const { from, to } = bounds(near, length);
  const first = Math.max(0, from - STEP);
  const last = Math.min(to, first + MOST);
  return { end: last === length ? null : last, most: last - first };
}

/** More turns behind those that are drawn; at the end of the chat they follow it again. */
export function later(near: Near, length: number): Near {
  const { from, to } = bounds(near, length);
  const last = Math.min(length, to + STEP);
  const first = Math.max(from, last - MOST);
  return { end: last === length ? null : last, most: last - first };
}
