// A value that components can watch. Each feature keeps its state in stores of its own;
// states are replaced, never changed in place, so that a comparison by identity suffices.
import { useLayoutEffect, useReducer } from "preact/hooks";

export class Store<State> {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(initial: State) {
    this.#state = initial;
  }

  get state(): State {
    return this.#state;
  }

  set(next: State): void {
    if (Object.is(next, this.#state)) return;
    this.#state = next;
    for (const listener of [...this.#listeners]) listener();
  }

  update(change: (state: State) => State): void {
    this.set(change(this.#state));
  }

  /** Calls `listener` after each change until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Reads a part of a store and renders again when that part is another value. */
export function useStore<State, Part>(store: Store<State>, select: (state: State) => Part): Part {
  const [, renderAgain] = useReducer((count: number, _: void) => count + 1, 0);
  const part = select(store.state);
  useLayoutEffect(() => {
    let shown = part;
    const look = () => {
      const current = select(store.state);
      if (Object.is(current, shown)) return;
      shown = current;
      renderAgain();
    };
    // The store may have changed between rendering and subscribing.
    look();
    return store.subscribe(look);
  });
  return part;
}

/** A copy of `map` with one entry set. */
export function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  return new Map(map).set(key, value);
}

/** A copy of `map` without one entry; the map itself where there is no such entry. */
export function withoutEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value> {
  if (!map.has(key)) return map;
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
