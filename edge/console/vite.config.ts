// Builds the page, and puts the stock Socket.IO client beside it for other pages to load.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const CLIENT_FILES = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"].flatMap((name) => [
  name,
  `${name}.map`,
]);

/** Emits the unmodified client bundle to `client/`; the edge serves it at `/socket.io/socket.io.js`. */
function clientBundle(): Plugin {
  const folder = new URL("./node_modules/socket.io-client/dist/", import.meta.url);
  return {
    name: "client-bundle",
    apply: "build",
    generateBundle() {
      for (const name of CLIENT_FILES) {
        const source = readFileSync(fileURLToPath(new URL(name, folder)));
        this.emitFile({ type: "asset", fileName: `client/${name}`, source });
      }
    },
  };
}

const edge = process.env["EDGE_URL"] ?? "http://127.0.0.1:3006";

export default defineConfig({
  plugins: [clientBundle()],
  build: {
    target: "es2022",
    // Nothing is inlined, so that the page runs under `default-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/socket.io": { target: edge, ws: true },
      "/dev": edge,
    },
  },
});
