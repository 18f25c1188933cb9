import { useMemo } from "preact/hooks";
import { useStore } from "../core/store.ts";
import { useServices } from "../shell/services.ts";
import { type Rights, rightsOf } from "./permissions.ts";

/** What one may do in a room; the same object until that changes. */
export function useRights(roomId: string): Rights {
  const { standing, me } = useServices();
  const level = useStore(standing.levels, (levels) => levels.get(roomId));
  return useMemo(() => rightsOf(me.id, level), [me.id, level]);
}
