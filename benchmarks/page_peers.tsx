/** The peers of page_grid.py: the same rows in AG Grid Community and in glide-data-grid, each as its documentation shows. */
import { GridCellKind, DataEditor, type DataEditorRef, type GridCell, type Item } from "@glideapps/glide-data-grid";
import "@glideapps/glide-data-grid/dist/index.css";
import { AllCommunityModule, createGrid, type GridApi, ModuleRegistry } from "ag-grid-community";
import { createElement, createRef } from "react";
import { createRoot } from "react-dom/client";

type Row = readonly unknown[];
interface Page {
  readonly row_count: number;
  readonly rows: readonly Row[];
}
interface Peer {
  readonly scroller: () => Element | null;
  readonly jump: (row: number) => void;
  /** Whether this row is drawn with its values. */
  readonly isDrawn: (row: number) => boolean;
}

const BLOCK = 200;
const names: readonly string[] = JSON.parse(document.body.dataset.columns ?? "[]");
const total = Number(document.body.dataset.rows);
const host = document.getElementById("host") as HTMLElement;

async function fetchRows(offset: number, limit: number): Promise<readonly Row[]> {
  const answer = await fetch(`/rows?offset=${offset}&limit=${limit}`);
  return ((await answer.json()) as Page).rows;
}

function agGrid(): Peer {
  ModuleRegistry.registerModules([AllCommunityModule]);
  const api: GridApi = createGrid(host, {
    columnDefs: [
      { headerName: "#", valueGetter: (at) => at.data?.[0] ?? "", pinned: "left", width: 90 },
      ...names.map((name, index) => ({
        headerName: name,
        colId: name,
        valueGetter: (at: { data?: Row }) => at.data?.[index + 1] ?? "",
        width: 120,
        ...(index === 0 ? { pinned: "left" as const } : {}),
      })),
    ],
    rowModelType: "infinite",
    rowHeight: 28,
    cacheBlockSize: BLOCK,
    maxBlocksInCache: 40,
    infiniteInitialRowCount: total,
    datasource: {
      rowCount: total,
      getRows: (at) => void fetchRows(at.startRow, at.endRow - at.startRow).then((rows) => at.successCallback([...rows], total)),
    },
  });
  return {
    scroller: () =>
      [...host.querySelectorAll("*")].find(
        (one) => one.scrollHeight > 5 * one.clientHeight && /auto|scroll/.test(getComputedStyle(one).overflowY),
      ) ?? null,
    jump: (row) => api.ensureIndexVisible(row, "middle"),
    isDrawn: (row) => {
      const cells = host.querySelectorAll(`.ag-row[row-index="${row}"] .ag-cell`);
      return cells.length > 2 && [...cells].slice(0, 3).every((cell) => cell.textContent !== "");
    },
  };
}

function glide(): Peer {
  const blocks = new Map<number, readonly Row[]>();
  const asked = new Set<number>();
  const editor = createRef<DataEditorRef>();
  let seen = { y: 0, height: 0 };
  const load = async (block: number) => {
    if (asked.has(block) || block < 0) return;
    asked.add(block);
    blocks.set(block, await fetchRows(block * BLOCK, BLOCK));
    while (blocks.size > 40) {
      const [oldest] = blocks.keys();
      blocks.delete(oldest ?? 0);
      asked.delete(oldest ?? 0);
    }
    const damage = [];
    for (let row = seen.y; row < seen.y + seen.height; row += 1) for (let col = 0; col < names.length; col += 1) damage.push({ cell: [col, row] as Item });
    editor.current?.updateCells(damage);
  };
  const getCellContent = ([column, row]: Item): GridCell => {
    const value = blocks.get(Math.floor(row / BLOCK))?.[row % BLOCK]?.[column + 1];
    const text = value === undefined || value === null ? "" : String(value);
    return { kind: GridCellKind.Text, data: text, displayData: text, allowOverlay: true };
  };
  createRoot(host).render(
    createElement(DataEditor, {
      ref: editor,
      columns: names.map((title) => ({ title, id: title, width: 120 })),
      rows: total,
      rowHeight: 28,
      rowMarkers: "number",
      freezeColumns: 1,
      width: "100%",
      height: "100%",
      getCellContent,
      onVisibleRegionChanged: ({ y, height }) => {
        seen = { y, height };
        for (let block = Math.floor(y / BLOCK); block <= Math.floor((y + height) / BLOCK); block += 1) void load(block);
      },
    }),
  );
  return {
    scroller: () => host.querySelector(".dvn-scroller"),
    jump: (row) => editor.current?.scrollTo(0, row, "vertical", 0, 0, { vAlign: "center" }),
    isDrawn: (row) => row >= seen.y && row < seen.y + seen.height && blocks.has(Math.floor(row / BLOCK)),
  };
}

(window as unknown as { peer: Peer }).peer = document.body.dataset.grid === "ag" ? agGrid() : glide();
