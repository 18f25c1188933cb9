// The connection goes away at a bad moment and comes back on the other edge: every line is there, once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Line } from "./line.mjs";
import { enter, firstEdge, fresh, isJoined, message, say, secondEdge } from "./window.mjs";

test("a cut line costs no message and doubles none", async (t) => {
  const tunnel = fresh("tunnel");
  const line = await Line.to(firstEdge);
  t.after(() => line.close());
  const ana = await enter(line.url, "ana", tunnel);
  const ben = await enter(secondEdge, "ben", tunnel);
  await say(ana, "line 0");
  await message(ben, "line 0").waitFor();

  // It arrives, but the answer that says so does not come back.
  line.hold();
  await say(ana, "line 1");
  await message(ben, "line 1").waitFor();
  line.cut();
  await state(ana, "reconnecting").waitFor();
  await say(ben, "line 2");
  await say(ben, "line 3");
  await message(ben, "line 3").and(ben.locator("[data-state=sent]")).waitFor();
  await say(ana, "line 4");
  await ana.locator("[data-testid=message][data-state=waiting]").filter({ hasText: "line 4" }).waitFor();

  line.mend(secondEdge);
  await state(ana, "connected").waitFor({ state: "attached" });
  await isJoined(ana, tunnel);
  await message(ben, "line 4").waitFor();
  await message(ana, "line 4").and(ana.locator("[data-state=sent]")).waitFor();
  // The last of all, in both directions: what was to come before it has come.
  await say(ben, "line 5");
  await message(ana, "line 5").waitFor();

  const all = ["line 0", "line 1", "line 2", "line 3", "line 4", "line 5"];
  assert.deepEqual(await lines(ana), all);
  assert.deepEqual(await lines(ben), all);
  // And so it is in the room itself.
  await ana.reload();
  await message(ana, "line 5").waitFor();
  assert.deepEqual(await lines(ana), all);
  assert.equal(await ben.locator('[data-testid=member][data-user-id=ana]').count(), 1);
});

const state = (page, name) => page.locator(`[data-testid=connection-state][data-state=${name}]`);

async function lines(page) {
  return page.getByTestId("message-content").allInnerTexts();
}
