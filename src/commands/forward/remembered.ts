import { now as clock } from '../../clock.js';

export interface Remembered<T> {
  get(): Promise<T>;
  forget(): void;
}

/** Finds something once for all that ask within `forMs`. A failure is not kept. */
export function remembered<T>(find: () => Promise<T>, forMs: number, now = clock): Remembered<T> {
  let last: { readonly found: Promise<T>; readonly at: number } | undefined;
  const forget = () => {
    last = undefined;
  };
  return {
    get() {
      if (last && now() - last.at < forMs) return last.found;
      const search = { found: find(), at: now() };
      last = search;
      search.found.catch(() => {
        if (last === search) forget();
      });
      return search.found;
    },
    forget,
  };
}
