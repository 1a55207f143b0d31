// How the page is built: hashed files into the Python package, nothing inline, charts in a file of their own.
import { defineConfig } from "vitest/config";
import { gzipBeside } from "./tools/gzip.ts";

const VENUE = process.env["VENUE"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [gzipBeside()],
  build: {
    outDir: "../src/pricetime/page",
    emptyOutDir: true,
    target: ["chrome123", "firefox120", "safari17.5"],
    // The page's policy forbids `data:` scripts and styles, so nothing is ever folded into another file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "charts", test: /node_modules[\\/](lightweight-charts|fancy-canvas)/ },
            { name: "preact", test: /node_modules[\\/](preact|@preact)/ },
            // One file compresses better than the twenty that pages would share by twos and threes.
            { name: "shared", test: /src[\\/](ui|venue|model)[\\/].*\.tsx?$/ },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: { "/v1": { target: VENUE, ws: true } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
