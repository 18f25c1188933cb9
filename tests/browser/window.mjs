// Windows of the page in Chromium, and what people do in them. The Rust test `browser` starts the
// system and gives in the environment: EDGE_URLS (two, comma separated), TOKEN_ANA, TOKEN_BEN, and
// TOKEN_MIA, who is a moderator of the whole platform; SCREENSHOTS (a folder).
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

export const [firstEdge, secondEdge] = process.env.EDGE_URLS.split(",");
/** How long anything may take to appear; much longer than it does, for a busy machine. */
export const LIMIT_MS = 20_000;
export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 390, height: 844 };

/** Rooms of this run alone, so that a server which stays up can be used again. */
const run = Date.now().toString(36);
export const fresh = (name) => `${name}-${run}`;

const browser = await launch();
after(() => browser.close());

function launch() {
  const quiet = ["--disable-gpu", "--disable-quic", "--disable-background-networking"];
  quiet.push("--disable-component-update", "--disable-sync", "--no-first-run");
  // Chromium's sandbox does not work for root, as containers and build machines often are.
  const args = process.getuid?.() === 0 ? [...quiet, "--no-sandbox"] : quiet;
  return chromium.launch({ executablePath: chromiumPath(), args });
}

function chromiumPath() {
  const folders = process.env.PATH.split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const path = paths.find(existsSync);
  assert.ok(path, "no Chromium on PATH: run tests/setup");
  return path;
}

/** Opens a window that shares nothing with the others, as on another device. */
export async function open({ viewport = WIDE } = {}) {
  const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(message.text());
  });
  return page;
}

/** Opens a window and enters a room, by an address that brings the token and names the room. */
export async function enter(edge, user, room) {
  const page = await open();
  await page.goto(`${edge}/#token=${process.env[`TOKEN_${user.toUpperCase()}`]}&room=${room}`);
  await page.getByTestId("composer").waitFor();
  await isJoined(page, room);
  return page;
}

export async function isJoined(page, room) {
  await page.locator(`[data-testid=room][data-room-id="${room}"][data-phase=joined]`).waitFor({ state: "attached" });
}

/** A message by its own words, not by those that it quotes; `where` is a window or a part of one. */
export function message(where, text) {
  const list = where.getByTestId("message");
  return list.filter({ has: list.page().getByTestId("message-content").filter({ hasText: text }) });
}

export async function say(page, text, composer = "composer") {
  await page.getByTestId(composer).fill(text);
  await page.getByTestId(composer).press("Enter");
}

/** Uses a tool of a message, as the mouse finds it: by pointing at the message. */
export async function tool(row, name) {
  await row.hover();
  await row.getByTestId(name).click();
}

/** Chooses from the menu of a message. */
export async function choose(row, name) {
  await tool(row, "message-menu");
  await row.getByTestId(name).click();
}

export async function picture(page, name) {
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
}

/** Nothing went wrong in these windows that a developer would see in the console. */
export function noProblems(...pages) {
  assert.deepEqual(pages.flatMap(({ problems }) => problems), []);
}
