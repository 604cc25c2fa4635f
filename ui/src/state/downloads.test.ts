import { expect, test } from "vitest";
import type { SheetDetail, Table } from "../api/types.gen";
import { downloadsOf } from "./downloads";

const table = { id: "orders", tab: "Orders" } as Table;
const named = (name: string) => ({ sheet: { id: "s1", name, version: "v1" } }) as SheetDetail;

test("a table leaves in each format at the version shown, and a workbook as a whole too", () => {
  const found = downloadsOf(named("a.xlsx"), table);
  expect(found.map((one) => one.says)).toEqual([
    "Orders as CSV",
    "Orders as Excel",
    "Orders as Parquet",
    "a.xlsx with its edits",
  ]);
  expect(found[0]?.href).toBe("api/sheets/s1/tables/orders/export?format=csv&version=v1");
});

test("a file that edits are not put back into has no such way", () => {
  expect(downloadsOf(named("a.csv"), table)).toHaveLength(3);
});
