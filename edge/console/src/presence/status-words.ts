// The three statuses in words and as classes of the style sheet.
import type { Status } from "../core/contract.ts";

export const STATUSES: Status[] = ["active", "idle", "busy"];

export const STATUS_WORDS: Record<Status, string> = { active: "Active", idle: "Idle", busy: "Busy" };

export const STATUS_CLASS: Record<Status, string> = { active: "online", idle: "idle", busy: "busy" };
