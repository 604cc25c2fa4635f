/** What the page's address says is to be seen; behind the hash, so that reload and back work without the server. */

export type View =
  /** A workbook by its id, or the one that was looked at last. */
  | { readonly name: "chat"; readonly sheet: string | null }
  | { readonly name: "settings" }
  /** For those who look after the workspace or the installation. */
  | { readonly name: "admin" }
  /** Where a login begins; with the code of what went wrong at the identity provider, or a one-time code that was sent along. */
  | { readonly name: "login"; readonly problem: string; readonly code: string }
  /** An earlier examination by its id, or the latest one. */
  | { readonly name: "routes"; readonly examination: string | null };

export function viewOf(hash: string): View {
  const [path = "", query] = hash.replace(/^#\/?/, "").split("?");
  const [name, id] = path.split("/");
  if (name === "settings" || name === "admin") return { name };
  if (name === "login") {
    const said = new URLSearchParams(query);
    return { name, problem: said.get("problem") ?? "", code: said.get("code") ?? "" };
  }
  if (name === "routes") return { name, examination: id ? decodeURIComponent(id) : null };
  return { name: "chat", sheet: name === "sheet" && id ? decodeURIComponent(id) : null };
}

export function sheetAddress(id: string): string {
  return `#/sheet/${encodeURIComponent(id)}`;
}
