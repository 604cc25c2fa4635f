/** Which workspace lists, uploads and imports are of: the one that was chosen in this browser, else the first of one's own. */
const KEPT = "chatsheet.workspace";

export function chosenWorkspace(): string {
  return localStorage.getItem(KEPT) ?? "";
}

export function chooseWorkspace(id: string): void {
  localStorage.setItem(KEPT, id);
}

/** The path of a call that is about a workspace. */
export function inWorkspace(path: string, id = chosenWorkspace()): string {
  return id === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams({ workspace_id: id })}`;
}
