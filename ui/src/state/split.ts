/** Where the divider between two panes stands: a share of the width, which neither pane may fall below its least. Pure. */

export const LEAST_PX = 320;
export const FIRST = 0.4;
const STEP = 0.02;
const LEAP = 0.1;

/** The share as it fits a width; both panes get their least, or half where the width has no room for that. */
export function fitted(share: number, width: number): number {
  const least = Math.min(0.5, LEAST_PX / Math.max(1, width));
  return Math.min(1 - least, Math.max(least, share));
}

/** What was kept, or the first share. */
export function shareOf(kept: string | null): number {
  const share = Number(kept ?? Number.NaN);
  return share > 0 && share < 1 ? share : FIRST;
}

/** The share after a key on the divider; null for a key that means nothing to it. */
export function keyed(share: number, key: string, isShift: boolean): number | null {
  const step = isShift ? LEAP : STEP;
  const to: Record<string, number> = { ArrowLeft: share - step, ArrowRight: share + step, Home: 0, End: 1, Enter: FIRST };
  return to[key] ?? null;
}
