// What came while one looked elsewhere: numbers beside the rooms, and who is told of by name.
import { before, test } from "node:test";
import { enter, firstEdge, fresh, isJoined, message, noProblems, picture, say, secondEdge } from "./window.mjs";

const news = fresh("news");
const elsewhere = fresh("elsewhere");
/** Ana has two windows, on two edges. */
let ana, anaToo, ben;

before(async () => {
  ana = await enter(firstEdge, "ana", news);
  anaToo = await enter(secondEdge, "ana", news);
  for (const page of [ana, anaToo]) await goTo(page, elsewhere);
  ben = await enter(secondEdge, "ben", news);
});

async function goTo(page, id) {
  await page.getByTestId("room-input").fill(id);
  await page.getByTestId("join").click();
  await isJoined(page, id);
}

const room = (page, id) => page.locator(`[data-testid=room][data-room-id="${id}"]`);
const badge = (page) => room(page, news).getByTestId("unread");
const unread = (page, count) => badge(page).and(page.getByText(String(count), { exact: true }));

test("what is unread is counted, and read in every window at once", async () => {
  await say(ben, "First news");
  await say(ben, "Second news");
  for (const page of [ana, anaToo]) await unread(page, 2).waitFor();
  await picture(ana, "unread");

  await room(ana, news).click();
  await message(ana, "Second news").waitFor();
  await ana.getByTestId("new-line").waitFor();
  for (const page of [ana, anaToo]) await badge(page).waitFor({ state: "detached" });

  // The server has the mark: a window that begins anew counts from there.
  await room(ana, elsewhere).click();
  await say(ben, "Third news");
  await unread(ana, 1).waitFor();
  await anaToo.reload();
  await unread(anaToo, 1).waitFor();
});

test("a mention finds whoever is elsewhere", async () => {
  await say(ben, "What do you think, @ana?");
  for (const page of [ana, anaToo]) await page.getByTestId("notification-count").and(page.getByText("1")).waitFor();
  await ana.getByTestId("open-notifications").click();
  await ana.locator("[data-testid=notification][data-kind=mention]").first().click();
  await message(ana, "What do you think").and(ana.locator("[data-for-me=true]")).waitFor();
  for (const page of [ana, anaToo]) await page.getByTestId("notification-count").waitFor({ state: "detached" });
  noProblems(ana, anaToo, ben);
});
