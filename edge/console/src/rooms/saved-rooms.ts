// Which rooms a user has open, kept over reloads.

export interface SavedRooms {
  open: string[];
  active?: string;
}

/** As many rooms as one connection may be in. */
export const ROOMS_MAX = 64;

const key = (userId: string) => `realtime.rooms.${userId}`;

export function loadRooms(userId: string): SavedRooms {
  try {
    const saved = JSON.parse(localStorage.getItem(key(userId)) ?? "null") as SavedRooms | null;
    if (saved === null || !Array.isArray(saved.open)) return { open: [] };
    const open = saved.open.filter((id): id is string => typeof id === "string").slice(0, ROOMS_MAX);
    return { open, ...(typeof saved.active === "string" ? { active: saved.active } : {}) };
  } catch {
    return { open: [] };
  }
}

export function saveRooms(userId: string, rooms: SavedRooms): void {
  try {
    localStorage.setItem(key(userId), JSON.stringify(rooms));
  } catch {
    // A full or forbidden storage costs the list after a reload, nothing now.
  }
}
