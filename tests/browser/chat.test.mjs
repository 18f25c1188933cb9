// Two windows of the page, on two edges, as two people would use them. The Rust test `browser`
// starts the system and gives: EDGE_URLS (two, comma separated), TOKEN_ANA, TOKEN_BEN, SCREENSHOTS
// (a folder), and a room "graphs" with 120 messages "earlier 0" to "earlier 119" by carl.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const [firstEdge, secondEdge] = process.env.EDGE_URLS.split(",");
const LIMIT_MS = 20_000;
let browser;

function chromiumPath() {
  const folders = process.env.PATH.split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const path = paths.find(existsSync);
  assert.ok(path, "no Chromium on PATH: run tests/setup");
  return path;
}

before(async () => {
  const quiet = ["--disable-gpu", "--disable-quic", "--disable-background-networking"];
  quiet.push("--disable-component-update", "--disable-sync", "--no-first-run");
  // Chromium's sandbox does not work for root, as containers and build machines often are.
  const args = process.getuid?.() === 0 ? [...quiet, "--no-sandbox"] : quiet;
  browser = await chromium.launch({ executablePath: chromiumPath(), args });
});

after(() => browser?.close());

/** Opens a window, signs in with a token and joins the room. */
async function enter(url, token, viewport) {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(message.text());
  });
  await page.goto(url);
  await page.getByTestId("use-token").click();
  await page.getByTestId("token-input").fill(token);
  await page.getByTestId("sign-in").click();
  await page.locator('[data-testid=connection-state][data-state=connected]').waitFor({ state: "attached" });
  const rooms = page.getByTestId("open-rooms").first();
  if (!(await page.getByTestId("room-input").isVisible())) await rooms.click();
  await page.getByTestId("room-input").fill("graphs");
  await page.getByTestId("join").click();
  await page.getByTestId("composer").waitFor();
  return page;
}

const message = (page, text) => page.getByTestId("message").filter({ hasText: text });

async function say(page, text) {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("composer").press("Enter");
}

async function picture(page, name) {
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
}

test("two windows chat", async () => {
  const ana = await enter(firstEdge, process.env.TOKEN_ANA, { width: 1280, height: 800 });
  const ben = await enter(secondEdge, process.env.TOKEN_BEN, { width: 390, height: 844 });

  await ana.locator('[data-testid=member][data-user-id=ben]').waitFor();
  await message(ana, "earlier 119").waitFor();
  await say(ana, "hello ben ✓");
  await message(ben, "hello ben ✓").waitFor();
  assert.equal(await message(ana, "hello ben ✓").getAttribute("data-author"), "ana");

  await ben.getByTestId("composer").pressSequentially("hi");
  await ana.getByTestId("typing").filter({ hasText: "ben" }).waitFor();
  await picture(ana, "window-ana");
  await picture(ben, "window-ben");
  await ben.getByTestId("composer").press("Enter");
  await message(ana, /^.*hi$/s).last().waitFor();
  await ana.getByTestId("typing").filter({ hasNotText: "ben" }).waitFor();

  // Text is text, whatever it looks like.
  const markup = '<img src=x onerror="document.title=1"> <b>&amp;</b>';
  await say(ben, markup);
  const shown = message(ana, "onerror").getByTestId("message-content");
  assert.equal((await shown.innerText()).trim(), markup);

  // Scrolling back brings the rest of the history.
  const list = ana.getByTestId("message-list");
  const oldest = message(ana, /earlier 0$/);
  const limit = Date.now() + LIMIT_MS;
  while ((await oldest.count()) === 0 && Date.now() < limit) {
    await list.evaluate((element) => (element.scrollTop = 0));
    await list.evaluate(() => new Promise(requestAnimationFrame));
  }
  await oldest.waitFor();

  // A reload keeps the person and the room, and the others see nobody leave.
  await ben.reload();
  await ben.getByTestId("composer").waitFor();
  await message(ben, "hello ben ✓").waitFor();
  await say(ben, "back again");
  await message(ana, "back again").waitFor();
  assert.equal(await ana.locator('[data-testid=member][data-user-id=ben]').count(), 1);
  assert.deepEqual([...ana.problems, ...ben.problems], []);
});
