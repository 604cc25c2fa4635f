/** Light, dark, or whatever the system says: chosen once, kept in this browser. */

export type Theme = "system" | "light" | "dark";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEPT = "chatsheet.theme";

export function themeOf(kept: string | null): Theme {
  return THEMES.find((theme) => theme === kept) ?? "system";
}

/** The theme that one more click on the switch gives. */
export function after(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
}

export function keptTheme(): Theme {
  return themeOf(localStorage.getItem(KEPT));
}

/** Puts a theme on the page and keeps it. */
export function wear(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEPT, theme);
}
