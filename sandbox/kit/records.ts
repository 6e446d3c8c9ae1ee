import { openDatabase, type RecordDatabase } from './database.ts';

/** Records of one kind, by ID, in the order in which they were first put. Values are never changed in place: put a new one. */
export interface Collection<T extends object> {
  get(id: string): T | undefined;
  put(id: string, value: T): void;
  delete(id: string): boolean;
  all(): T[];
  find(predicate: (value: T) => boolean): T | undefined;
  filter(predicate: (value: T) => boolean): T[];
  size(): number;
  /** A maintained index; `keyOf` answers undefined for a record that has no such key. The look-up gives records in put order. */
  indexBy(keyOf: (value: T) => string | undefined): (key: string) => T[];
}

export interface RecordStore {
  collection<T extends object>(name: string): Collection<T>;
  /** The next number of a sequence, beginning with 1; never given twice, also not after a rollback or a restart. */
  nextId(sequence: string): number;
  /** Runs synchronous work that is kept wholly or, if it throws, not at all. A nested call is undone alone when it throws. */
  transaction<R>(work: () => R): R;
  collectionNames(): string[];
  reset(): void;
  close(): void;
}

interface Index {
  readonly keyOf: (value: object) => string | undefined;
  readonly ids: Map<string, Set<string>>;
}

interface Table {
  readonly name: string;
  readonly values: Map<string, object>;
  readonly indexes: Index[];
}

/** Opens a record store: in memory, or written through to a SQLite file when one is named. */
export function openRecords(dataFile?: string): RecordStore {
  const database: RecordDatabase | undefined = dataFile === undefined ? undefined : openDatabase(dataFile);
  const tables = new Map<string, Table>();
  const sequences = new Map(database?.sequences() ?? []);
  let undo: (() => void)[] | undefined;
  let depth = 0;

  for (const row of database?.rows() ?? []) {
    const value: unknown = JSON.parse(row.value);
    if (typeof value === 'object' && value !== null) tableNamed(row.collection).values.set(row.id, value);
  }

  function tableNamed(name: string): Table {
    const existing = tables.get(name);
    if (existing !== undefined) return existing;
    const created: Table = { name, values: new Map(), indexes: [] };
    tables.set(name, created);
    return created;
  }

  function assign(table: Table, id: string, value: object | undefined): void {
    const before = table.values.get(id);
    for (const index of table.indexes) {
      if (before !== undefined) removeFromIndex(index, id, before);
      if (value !== undefined) addToIndex(index, id, value);
    }
    if (value === undefined) table.values.delete(id);
    else table.values.set(id, value);
    undo?.push(() => assignSilently(table, id, before));
  }

  function assignSilently(table: Table, id: string, value: object | undefined): void {
    const open = undo;
    undo = undefined;
    assign(table, id, value);
    undo = open;
  }

  function transaction<R>(work: () => R): R {
    const outer = undo;
    const steps = outer ?? [];
    const mark = steps.length;
    undo = steps;
    depth += 1;
    database?.begin(depth);
    try {
      const result = work();
      database?.commit(depth);
      return result;
    } catch (error) {
      undo = undefined;
      for (const step of steps.splice(mark).reverse()) step();
      database?.rollback(depth);
      for (const [name, value] of sequences) database?.setSequence(name, value);
      throw error;
    } finally {
      undo = outer;
      depth -= 1;
    }
  }

  return {
    collection<T extends object>(name: string): Collection<T> {
      return collectionOf<T>(tableNamed(name), {
        put(table, id, value) {
          database?.put(table.name, id, JSON.stringify(value));
          assign(table, id, value);
        },
        remove(table, id) {
          database?.remove(table.name, id);
          assign(table, id, undefined);
        },
      });
    },
    nextId(sequence) {
      const value = (sequences.get(sequence) ?? 0) + 1;
      sequences.set(sequence, value);
      database?.setSequence(sequence, value);
      return value;
    },
    transaction,
    collectionNames: () => [...tables.keys()],
    reset() {
      database?.clear();
      sequences.clear();
      for (const table of tables.values()) {
        table.values.clear();
        for (const index of table.indexes) index.ids.clear();
      }
    },
    close: () => database?.close(),
  };
}

interface Writer {
  put(table: Table, id: string, value: object): void;
  remove(table: Table, id: string): void;
}

/** The typed view of a table. The caller's T is a promise about what it puts there, as with any database. */
function collectionOf<T extends object>(table: Table, writer: Writer): Collection<T> {
  const values = table.values as Map<string, T>;
  return {
    get: (id) => values.get(id),
    put: (id, value) => writer.put(table, id, value),
    delete(id) {
      if (!values.has(id)) return false;
      writer.remove(table, id);
      return true;
    },
    all: () => [...values.values()],
    find(predicate) {
      for (const value of values.values()) if (predicate(value)) return value;
      return undefined;
    },
    filter(predicate) {
      const found: T[] = [];
      for (const value of values.values()) if (predicate(value)) found.push(value);
      return found;
    },
    size: () => values.size,
    indexBy(keyOf) {
      const index: Index = { keyOf: (value) => keyOf(value as T), ids: new Map() };
      for (const [id, value] of values) addToIndex(index, id, value);
      table.indexes.push(index);
      return (key) => {
        const found: T[] = [];
        for (const id of index.ids.get(key) ?? []) {
          const value = values.get(id);
          if (value !== undefined) found.push(value);
        }
        return found;
      };
    },
  };
}

function addToIndex(index: Index, id: string, value: object): void {
  const key = index.keyOf(value);
  if (key === undefined) return;
  const ids = index.ids.get(key);
  if (ids === undefined) index.ids.set(key, new Set([id]));
  else ids.add(id);
}

function removeFromIndex(index: Index, id: string, value: object): void {
  const key = index.keyOf(value);
  if (key === undefined) return;
  const ids = index.ids.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.ids.delete(key);
}
