/** The steps that take back, or make again, what was done in this window, in the grid or in a chat; kept over a reload. */
import { type How, stepsKept } from "../state/undoing";

const KEPT = "chatsheet.steps";
const MOST_KEPT = 500;
const own = new Set(stepsKept(sessionStorage.getItem(KEPT)));

/** Tell whether a step from a version undoes, or does again, what was done here. */
export function isOwn(how: How, version: string): boolean {
  return own.has(`${how} ${version}`);
}

/** Note that a step from a version is one's own. */
export function keepStep(how: How, version: string): void {
  own.add(`${how} ${version}`);
  sessionStorage.setItem(KEPT, JSON.stringify([...own].slice(-MOST_KEPT)));
}
