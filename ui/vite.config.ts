/** One page, built for a strict content policy: no inline script or style, and no address but its own. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

// half of what markdown-it weighs, for what no answer needs
const LEAN = "/src/ui/lean.ts";

export default defineConfig(({ mode }) => ({
  base: "./",
  plugins: [svelte()],
  resolve: { alias: { entities: LEAN, "linkify-it": LEAN, "punycode.js": LEAN } },
  build: {
    target: "es2023",
    outDir: "dist",
    assetsDir: "assets",
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/api": {
        target: "http://127.0.0.1:8000",
        changeOrigin: true,
        // the page comes from Vite here: the token of `make dev` stands in for its cookie
        headers: {
          authorization: `Bearer ${loadEnv(mode, ".", "CHATSHEET_").CHATSHEET_DEV_TOKEN ?? ""}`,
          origin: "http://127.0.0.1:8000",
          "sec-fetch-site": "same-origin",
        },
      },
    },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
    server: { deps: { inline: ["markdown-it"] } }, // so that the tests see it as the page has it
  },
}));
