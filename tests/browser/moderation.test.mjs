// Keeping order: a report, the queue of who moderates, and what a decision causes in everybody's window.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { choose, enter, firstEdge, fresh, message, noProblems, picture, say, secondEdge } from "./window.mjs";

let ana, ben, mia;

before(async () => {
  const room = fresh("market");
  ana = await enter(firstEdge, "ana", room);
  ben = await enter(secondEdge, "ben", room);
  mia = await enter(firstEdge, "mia", room);
});

const member = (page, id) => page.locator(`[data-testid=member][data-user-id="${id}"]`);

test("a status shows beside the name", async () => {
  await member(ana, "ben").and(ana.locator("[data-status=active]")).waitFor();
  await ben.getByTestId("status-menu").click();
  await ben.getByTestId("status-busy").click();
  for (const page of [ana, ben, mia]) await member(page, "ben").and(page.locator("[data-status=busy]")).waitFor();
  await picture(ana, "members");

  // It is the person's, not the connection's: it is still so after a reload, and for who comes in.
  for (const page of [ben, ana]) await page.reload();
  await ben.getByTestId("my-status").filter({ hasText: "Busy" }).waitFor();
  await member(ana, "ben").and(ana.locator("[data-status=busy]")).waitFor();
});

test("a report reaches who moderates and is resolved", async () => {
  await say(ben, "Cheap watches");
  assert.equal(await ana.getByTestId("open-moderation").count(), 0);

  await choose(message(ana, "Cheap watches"), "report");
  await ana.getByTestId("report-spam").check();
  await ana.getByTestId("report-comment").fill("the third time today");
  await ana.getByTestId("report-send").click();
  await ana.getByTestId("report-dialog").waitFor({ state: "detached" });

  await mia.getByTestId("reports-open").filter({ hasText: /^1$/ }).waitFor();
  await mia.getByTestId("open-moderation").click();
  const report = mia.getByTestId("report");
  await report.getByTestId("report-comment").filter({ hasText: "the third time today" }).waitFor();
  assert.equal(await report.getByTestId("report-content").innerText(), "Cheap watches");
  await picture(mia, "moderation");
  await report.getByTestId("report-delete-message").click();
  await report.getByTestId("report-confirm").click();

  await report.waitFor({ state: "detached" });
  await mia.getByTestId("reports-open").waitFor({ state: "detached" });
  for (const page of [ana, ben, mia]) {
    await page.getByTestId("tombstone").filter({ hasText: "removed by mia" }).waitFor();
  }
  await mia.getByTestId("moderation-tab-resolved").click();
  await report.getByTestId("report-outcome").filter({ hasText: "Message deleted by mia" }).waitFor();
  await mia.keyboard.press("Escape");
});

test("who is muted is told so and cannot write", async () => {
  await member(mia, "ben").getByTestId("member-actions").click();
  await mia.getByTestId("member-mute").click();
  await mia.getByTestId("action-confirm").click();
  await ben.getByTestId("muted-note").waitFor();
  await member(mia, "ben").getByTestId("member-muted").waitFor();
  await say(ben, "Hello?");
  await ben.locator("[data-testid=message][data-state=failed]").waitFor();
  noProblems(ana, ben, mia);
});
