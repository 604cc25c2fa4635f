import { expect, test, vi } from "vitest";
import { Blocks, type Fetch } from "./blocks";

const ROWS = 1_000;

/** A server of rows `[id, id * 2]`, and what it was asked. */
function serve(most = Infinity, by = 2) {
  const asked: number[] = [];
  const fetch: Fetch = async (offset, limit) => {
    asked.push(offset);
    const count = Math.min(limit, most, ROWS - offset);
    return { count: ROWS, rows: Array.from({ length: count }, (_, index) => [offset + index, (offset + index) * by]) };
  };
  return { asked, fetch };
}

function blocksOf(fetch: Fetch, kept = 40) {
  const heard = { onRows: vi.fn(), onCount: vi.fn(), onFailed: vi.fn() };
  return { blocks: new Blocks(fetch, heard, ROWS, 10, kept), heard };
}

test("rows that are seen come with their neighbours", async () => {
  const { asked, fetch } = serve();
  const { blocks } = blocksOf(fetch);
  blocks.want(25, 34);
  await vi.waitFor(() => expect(asked).toEqual([20, 30, 40, 10]));
  await vi.waitFor(() => expect(blocks.row(34)).toEqual([34, 68]));
  expect(blocks.has(10, 49)).toBe(true);
});

test("only so many blocks are kept, the near ones", async () => {
  const { fetch } = serve();
  const { blocks } = blocksOf(fetch, 5);
  for (let row = 0; row < 500; row += 50) {
    blocks.want(row, row + 9);
    await vi.waitFor(() => expect(blocks.has(row, row + 9)).toBe(true));
  }
  expect(blocks.row(0)).toBeUndefined();
});

test("a page with fewer rows than asked for is read on", async () => {
  const { asked, fetch } = serve(4);
  const { blocks } = blocksOf(fetch);
  blocks.want(995, 999);
  await vi.waitFor(() => expect(blocks.has(990, 999)).toBe(true));
  expect(asked.slice(0, 3)).toEqual(expect.arrayContaining([990, 994]));
});

test("the rows of the version before stand until the others come", async () => {
  const { blocks } = blocksOf(serve().fetch);
  blocks.want(0, 9);
  await vi.waitFor(() => expect(blocks.has(0, 9)).toBe(true));
  blocks.renew(serve(Infinity, 3).fetch, ROWS, true);
  expect(blocks.row(1)).toEqual([1, 2]);
  await vi.waitFor(() => expect(blocks.row(1)).toEqual([1, 3]));
  blocks.renew(serve().fetch, ROWS, false);
  expect(blocks.row(1)).toBeUndefined();
});

test("rows that are not here are read in pages and not kept", async () => {
  const { blocks } = blocksOf(serve().fetch);
  const ids: unknown[] = [];
  for await (const rows of blocks.read(5, 64, 25, new AbortController().signal)) ids.push(...rows.map((row) => row[0]));
  expect(ids).toEqual(Array.from({ length: 60 }, (_, index) => index + 5));
  expect(blocks.row(20)).toBeUndefined();
});

test("a failure is told once and tried again when the rows are seen again", async () => {
  let isDown = true;
  const good = serve().fetch;
  const { blocks, heard } = blocksOf(async (...wanted) => {
    if (isDown) throw new Error("down");
    return good(...wanted);
  });
  blocks.want(0, 9);
  await vi.waitFor(() => expect(heard.onFailed).toHaveBeenCalled());
  isDown = false;
  blocks.want(0, 9);
  await vi.waitFor(() => expect(blocks.has(0, 9)).toBe(true));
});

test("a value is seen before the server has it", async () => {
  const { blocks } = blocksOf(serve().fetch);
  blocks.want(0, 9);
  await vi.waitFor(() => expect(blocks.has(0, 9)).toBe(true));
  blocks.put(3, 1, "new");
  expect(blocks.row(3)).toEqual([3, "new"]);
});

test("a value that was put stays when its row is read again, until rows come from elsewhere", async () => {
  const { fetch } = serve();
  const { blocks } = blocksOf(fetch, 5);
  blocks.put(3, 1, "typed");
  blocks.want(0, 9);
  await vi.waitFor(() => expect(blocks.row(3)).toEqual([3, "typed"]));
  for await (const rows of blocks.read(0, 3, 10, new AbortController().signal)) expect(rows[3]).toEqual([3, "typed"]);
  blocks.renew(serve().fetch, ROWS, false);
  blocks.want(0, 9);
  await vi.waitFor(() => expect(blocks.row(3)).toEqual([3, 6]));
});
