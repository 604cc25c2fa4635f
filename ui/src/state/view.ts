/** What the page's address says is to be seen; behind the hash, so that reload and back work without the server. */

export type View =
  /** A workbook by its id, or the one that was looked at last. */
  | { readonly name: "chat"; readonly sheet: string | null }
  | { readonly name: "settings" }
  /** An earlier examination by its id, or the latest one. */
  | { readonly name: "routes"; readonly examination: string | null };

export function viewOf(hash: string): View {
  const [name, id] = hash.replace(/^#\/?/, "").split("/");
  if (name === "settings") return { name };
  if (name === "routes") return { name, examination: id ? decodeURIComponent(id) : null };
  return { name: "chat", sheet: name === "sheet" && id ? decodeURIComponent(id) : null };
}

export function sheetAddress(id: string): string {
  return `#/sheet/${encodeURIComponent(id)}`;
}
