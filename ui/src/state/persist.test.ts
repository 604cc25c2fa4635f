import { expect, test } from "vitest";
import { persist } from "./persist";

const GONE = new Error("gone");
const isGone = (error: unknown) => error === GONE;

/** Does what the answers say, one after the other. */
function saying(...answers: (Error | string)[]): (isAgain: boolean) => Promise<string> {
  return (isAgain) => {
    const next = answers.shift() ?? "nothing left";
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(isAgain ? `${next} again` : next);
  };
}

test("what nobody was there for is done again each time that somebody may be", async () => {
  let waits = 0;
  const back = () => {
    waits += 1;
    return Promise.resolve();
  };
  expect(await persist(saying(GONE, GONE, "done"), isGone, back)).toBe("done again");
  expect(waits).toBe(2);
});

test("what is done at once, or refused, waits for nobody", async () => {
  const back = () => Promise.reject(new Error("waited"));
  expect(await persist(saying("done"), isGone, back)).toBe("done");
  await expect(persist(saying(new Error("refused")), isGone, back)).rejects.toThrow("refused");
});
