import type { FileSession } from '../file-exchange/transport.ts';
import { batchOfManifest } from './batch.ts';
import { extractNumber } from './extract.ts';
import type { LegacyFileOptions } from './options.ts';

/** What lies in the folders: names alone. */
export interface Surroundings {
  /** Batches that the import job has not put away: it answers a batch first and puts it away then. */
  readonly waiting: ReadonlySet<string>;
  readonly putAway: ReadonlySet<string>;
  /** Batches whose acknowledgement lies there. */
  readonly fresh: ReadonlySet<string>;
  readonly old: ReadonlySet<string>;
  /** Manifests of extracts, newest first. */
  readonly extracts: readonly string[];
}

const ACKNOWLEDGEMENT = '.ack.csv';

/** Not there at all: a share that is not mounted looks like that. */
export class FolderMissing extends Error {
  override readonly name = 'FolderMissing';
}

export function acknowledgementName(batch: string): string {
  return `${batch}${ACKNOWLEDGEMENT}`;
}

/**
 * Lists the folders along the way that batches and acknowledgements go, so that one that is moved meanwhile is seen at one of its two places.
 * @throws FolderMissing where `in` or `out` is not there
 */
export async function lookAround(session: FileSession, folders: LegacyFileOptions['folders']): Promise<Surroundings> {
  const found = async (folder: string): Promise<string[]> => {
    const names = await session.list(folder);
    if (names === null) throw new FolderMissing(folder);
    return names;
  };
  const waiting = batchesIn(await found(folders.in));
  const putAway = new Set([...batchesIn((await session.list(folders.done)) ?? []), ...batchesIn((await session.list(folders.failed)) ?? [])]);
  const out = await found(folders.out);
  const old = acknowledgedIn((await session.list(folders.old)) ?? []);
  const extracts = out.flatMap((name) => {
    const number = extractNumber(name);
    return number === null ? [] : [{ name, number }];
  });
  return { waiting, putAway, fresh: acknowledgedIn(out), old, extracts: extracts.toSorted((left, right) => right.number - left.number).map(({ name }) => name) };
}

export function isAnswered(around: Surroundings, batch: string): boolean {
  return around.fresh.has(batch) || around.old.has(batch);
}

/** Batches that may have taken effect, or will, without anybody having been told. */
export function unanswered(around: Surroundings): string[] {
  return [...new Set([...around.waiting, ...around.putAway])].filter((batch) => !isAnswered(around, batch));
}

/** The highest number under which a batch was sent already; 0: never. */
export function lastNumber(around: Surroundings, stem: string): number {
  const numbers = [around.waiting, around.putAway, around.fresh, around.old].flatMap((batches) => [...batches]).map((batch) => (batch.startsWith(`${stem}.`) ? Number(batch.slice(stem.length + 1)) : 0));
  return numbers.reduce((highest, number) => (number > highest ? number : highest), 0);
}

function batchesIn(names: readonly string[]): Set<string> {
  return new Set(names.flatMap((name) => batchOfManifest(name) ?? []).filter((batch) => !batch.startsWith('extract-')));
}

function acknowledgedIn(names: readonly string[]): Set<string> {
  return new Set(names.filter((name) => name.endsWith(ACKNOWLEDGEMENT)).map((name) => name.slice(0, -ACKNOWLEDGEMENT.length)));
}
