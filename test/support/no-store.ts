import type { Store } from '../../store/database.ts';

/** For what takes a store and must not use it. */
export const anyStore = new Proxy({} as Store, {
  get(_target, name) {
    throw new Error(`the store is not to be used here (${String(name)})`);
  },
});
