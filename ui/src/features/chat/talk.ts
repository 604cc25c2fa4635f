/** What the parts of a turn may ask of the chat that they stand in. */
import type { Selection, SheetDetail, Workbook } from "../../api/types.gen";
import type { Chat, Turn } from "../../state/chat";
import type { Pointed } from "../../state/pointing";

export interface Talk {
  readonly chat: string;
  readonly sheet: string;
  /** Tables by their SQL names, as their tabs are called; columns by `table.column`, as the sheet's header says it. */
  readonly tabs: ReadonlyMap<string, string>;
  /** What `@` may stand before in a question. */
  readonly names: ReadonlySet<string>;
  /** A question is being answered: no other can be asked here. */
  readonly isBusy: boolean;
  /** Whether whoever reads decides on what is proposed. */
  readonly mayDecide: boolean;
  /** The turns before one: a chart may be drawn over what they gave. */
  readonly before: (turn: Turn) => Chat;
  readonly onAsk: (question: string, selection: Selection | null) => void;
  /** Asks otherwise, in a chat that begins as this one did up to the turn. */
  readonly onEdit: (turn: Turn, question: string) => void;
  /** Goes on in another chat from behind the turn. */
  readonly onBranch: (turn: Turn) => void;
  readonly onPoint: (pointed: Pointed | null) => void;
  readonly onRead: (detail: SheetDetail) => void;
}

/** Tables by their SQL names as a reader calls them: by the tab, and where that has several, by the place in it too;
 * columns by `table.column`, as the sheet's header says it. */
export function tabsOf(workbook: Workbook): ReadonlyMap<string, string> {
  const tabs = workbook.tables.map((table) => table.tab);
  const isShared = (tab: string) => tabs.indexOf(tab) !== tabs.lastIndexOf(tab);
  return new Map(
    workbook.tables.flatMap(({ id, tab, range, columns }) => [
      [id, isShared(tab) ? `${tab} ${range}` : tab] as const,
      ...columns.map(({ name, label }) => [`${id}.${name}`, label] as const),
    ]),
  );
}
