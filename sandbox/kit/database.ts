import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface StoredRow {
  readonly collection: string;
  readonly id: string;
  readonly value: string;
}

/** Where records go when they must outlive the process. */
export interface RecordDatabase {
  rows(): StoredRow[];
  sequences(): ReadonlyMap<string, number>;
  put(collection: string, id: string, value: string): void;
  remove(collection: string, id: string): void;
  setSequence(name: string, value: number): void;
  /** Depth 1 is a transaction, a greater one a savepoint inside it. */
  begin(depth: number): void;
  commit(depth: number): void;
  rollback(depth: number): void;
  clear(): void;
  close(): void;
}

/**
 * Opens (or creates) the SQLite file. WAL with synchronous=NORMAL: a committed write survives the death of the process,
 * and only a power cut can take the last few.
 */
export function openDatabase(file: string): RecordDatabase {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 2000;
    PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE IF NOT EXISTS record (
      position INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
      UNIQUE (collection, id));
    CREATE TABLE IF NOT EXISTS sequence (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  `);
  const begin = database.prepare('BEGIN');
  const commit = database.prepare('COMMIT');
  const upsert = database.prepare(
    'INSERT INTO record (collection, id, value) VALUES (?, ?, ?) ON CONFLICT (collection, id) DO UPDATE SET value = excluded.value',
  );
  const remove = database.prepare('DELETE FROM record WHERE collection = ? AND id = ?');
  const setSequence = database.prepare(
    'INSERT INTO sequence (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );
  return {
    rows: () =>
      database
        .prepare('SELECT collection, id, value FROM record ORDER BY position')
        .all()
        .map((row) => ({
          collection: String(row['collection']),
          id: String(row['id']),
          value: String(row['value']),
        })),
    sequences: () =>
      new Map(
        database
          .prepare('SELECT name, value FROM sequence')
          .all()
          .map((row) => [String(row['name']), Number(row['value'])]),
      ),
    put: (collection, id, value) => void upsert.run(collection, id, value),
    remove: (collection, id) => void remove.run(collection, id),
    setSequence: (name, value) => void setSequence.run(name, value),
    begin: (depth) => (depth === 1 ? void begin.run() : database.exec(`SAVEPOINT nested_${depth}`)),
    commit: (depth) => (depth === 1 ? void commit.run() : database.exec(`RELEASE nested_${depth}`)),
    rollback: (depth) => database.exec(depth === 1 ? 'ROLLBACK' : `ROLLBACK TO nested_${depth}; RELEASE nested_${depth}`),
    clear: () => database.exec('DELETE FROM record; DELETE FROM sequence;'),
    close: () => database.close(),
  };
}
