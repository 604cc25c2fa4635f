import { expect, test } from "vitest";
import { messages } from "./messages";

function streamOf(...pieces: readonly string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = pieces.map((piece) => new TextEncoder().encode(piece));
  return new ReadableStream({
    pull(controller) {
      const next = bytes.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
}

async function all(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Promise<string[]> {
  const found: string[] = [];
  for await (const message of messages(body)) found.push(message);
  return found;
}

test("events are put together however the stream is cut into pieces", async () => {
  expect(await all(streamOf("data: o", "ne\n", "\ndata: two\n\nda", "ta: three\n\n"))).toEqual(["one", "two", "three"]);
});

test("heartbeats and numbers of events are no data", async () => {
  expect(await all(streamOf(": still here\n\nid: 7\ndata: one\n\n"))).toEqual(["one"]);
});

test("what a cut stream left half said is dropped", async () => {
  const cut = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode("data: one\n\ndata: tw"));
      controller.error(new Error("gone"));
    },
  });
  expect((await all(cut)).length).toBeLessThan(2);
  expect(await all(streamOf("data: one\n\ndata: tw"))).toEqual(["one"]);
  expect(await all(null)).toEqual([]);
});
