// Two windows of the page, on two edges, as two people would use them; in a room "graphs" where carl has
// said "earlier 0" to "earlier 119".
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstEdge, LIMIT_MS, message, NARROW, noProblems, open, picture, say, secondEdge, WIDE } from "./window.mjs";

/** Opens a window, signs in with a typed token and joins the room by its name. */
async function enter(url, token, viewport) {
  const page = await open({ viewport });
  await page.goto(url);
  await page.getByTestId("use-token").click();
  await page.getByTestId("token-input").fill(token);
  await page.getByTestId("sign-in").click();
  await page.locator("[data-testid=connection-state][data-state=connected]").waitFor({ state: "attached" });
  const rooms = page.getByTestId("open-rooms").first();
  if (!(await page.getByTestId("room-input").isVisible())) await rooms.click();
  await page.getByTestId("room-input").fill("graphs");
  await page.getByTestId("join").click();
  await page.getByTestId("composer").waitFor();
  return page;
}

test("two windows chat", async () => {
  const ana = await enter(firstEdge, process.env.TOKEN_ANA, WIDE);
  const ben = await enter(secondEdge, process.env.TOKEN_BEN, NARROW);

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
  await message(ana, /^hi$/).waitFor();
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
  noProblems(ana, ben);
});
