// What one does with messages that are there: answer, open a thread, react, change and delete.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { choose, enter, firstEdge, fresh, message, noProblems, picture, say, secondEdge, tool } from "./window.mjs";

let ana, ben;

before(async () => {
  const room = fresh("questions");
  ana = await enter(firstEdge, "ana", room);
  ben = await enter(secondEdge, "ben", room);
});

test("a reply and a thread", async () => {
  await say(ana, "Who knows Dijkstra?");
  const question = message(ben, "Who knows Dijkstra?");
  await tool(question, "reply");
  await ben.getByTestId("answering").filter({ hasText: "Dijkstra" }).waitFor();
  await say(ben, "I have met him");
  const quote = message(ana, "I have met him").getByTestId("quote");
  assert.match(await quote.innerText(), /ana.*Who knows Dijkstra\?/is);

  await tool(question, "start-thread");
  await say(ben, "In Austin, in 1990", "thread-composer");
  // In the room's talk the thread is one line, and a number under the message that began it.
  await message(ana, "Who knows Dijkstra?").locator("[data-testid=open-thread][data-count='1']").click();
  const thread = ana.getByTestId("thread-list");
  await message(thread, "In Austin, in 1990").waitFor();
  await say(ana, "Tell us more", "thread-composer");
  await message(ben.getByTestId("thread-list"), "Tell us more").waitFor();
  const authors = thread.getByTestId("message").evaluateAll((rows) => rows.map((row) => row.dataset.author));
  assert.deepEqual(await authors, ["ana", "ben", "ana"]);
  assert.equal(await message(ana.getByTestId("message-list"), "In Austin").count(), 0);
  await ana.getByTestId("thread-count").filter({ hasText: "2 replies" }).waitFor();
  await picture(ana, "thread");
  for (const page of [ana, ben]) await page.getByTestId("close-thread").click();
});

test("a reaction is seen by the other, and counted", async () => {
  await say(ana, "It works!");
  await tool(message(ben, "It works!"), "react");
  await ben.locator("[data-testid=emoji-option][data-emoji='🚀']").click();
  const reaction = (page, count) =>
    message(page, "It works!").locator(`[data-testid=reaction][data-emoji="🚀"][data-count="${count}"]`);
  await reaction(ana, 1).click();
  await reaction(ben, 2).waitFor();
  assert.match(await reaction(ben, 2).getAttribute("title"), /You and ana\b.* reacted/);
  await reaction(ben, 2).click();
  await reaction(ana, 1).waitFor();
  assert.equal(await reaction(ana, 1).getAttribute("aria-pressed"), "true");
  await reaction(ana, 1).click();
  await reaction(ben, 1).waitFor({ state: "detached" });
});

test("an edit and a deletion", async () => {
  await say(ana, "The earth is a disk");
  await tool(message(ben, "The earth is a disk"), "reply");
  await say(ben, "Are you sure?");
  // A message that comes moves the others away from under the pointer.
  await message(ana, "Are you sure?").waitFor();
  await choose(message(ana, "The earth is a disk"), "edit");
  await ana.getByTestId("edit-text").fill("The earth is a ball");
  await ana.getByTestId("edit-text").press("Enter");
  await message(ben, "The earth is a ball").getByTestId("edited").waitFor();

  await choose(message(ana, "The earth is a ball"), "delete");
  await ana.getByTestId("delete-confirm").click();
  for (const page of [ana, ben]) await page.getByTestId("tombstone").waitFor();
  await message(ben, "Are you sure?").getByTestId("quote").filter({ hasText: "a deleted message" }).waitFor();

  // A deletion is for good: who comes later does not read it either.
  await ben.reload();
  await ben.getByTestId("tombstone").waitFor();
  assert.equal(await ben.getByText("The earth").count(), 0);
  noProblems(ana, ben);
});
