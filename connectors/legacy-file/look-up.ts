import { parse } from 'csv-parse/sync';
import { isSystemFailure, type SystemFailure } from '../../domain/failure.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import { fileName, markOf } from './batch.ts';
import type { Asking, Exchange, Visit } from './exchange.ts';
import { createExtracts, type Extract } from './extract.ts';
import { decoded } from './file-text.ts';
import type { About } from './refusals.ts';
import { unanswered, type Surroundings } from './surroundings.ts';
import type { TableName } from './tables.ts';

/** One of our own files of 5,000 lines has not half of it. */
const MOST_BYTES = 16 * 1024 * 1024;
/** A new extract may take an old one's place between the look at the folder and the reading. */
const LOOKS = 3;

/** The kinds of record, as `cancellations` names them, and the table each is in. */
export const RECORDS = { CUSTOMER: 'customers', CONTRACT: 'contracts', PROJECT: 'projects', RATE_CARD: 'rate_cards', BILLING_SCHEDULE: 'billing_schedules', EXPENSE: 'expenses' } as const satisfies Readonly<Record<string, TableName>>;
export type RecordName = keyof typeof RECORDS;

/** A record as the ERP has it. */
export interface Standing {
  readonly number: string;
  readonly status: string;
}

export interface LookUp {
  /**
   * What the newest extract and the acknowledgements after it tell of a record; an answer that is still to come is waited for.
   * @throws SystemFailure transient where it does not come within the call's limit
   */
  record(record: RecordName, key: string, asking: Asking): Promise<Standing | null>;
  /** The numbers of those lines of labor that the ERP has. */
  labor(keys: ReadonlySet<string>, asking: Asking): Promise<ReadonlyMap<string, string>>;
  /** Uses the newest extract that can be read; `damaged` tells of newer ones that cannot. Null where there is none yet. */
  newest<Result>(asking: Asking, work: (extract: Extract | null, damaged: SystemFailure | undefined) => Promise<Result>): Promise<Result>;
}

interface Latest {
  readonly change: number;
  readonly standing: Standing | null;
}

/** The ERP's only look-up: its extracts, and its acknowledgements of what came after them. */
export function createLookUp(exchange: Exchange, about: (object: string) => About): LookUp {
  const { folders, encoding } = exchange.options;
  const extracts = createExtracts(folders.out, encoding, about);
  let laborAnswers = new Map<string, Acknowledgement>();

  /** The newest extract that can be read: acknowledgements lie there until two extracts cover them, so the one before it does as well. */
  async function withExtract<Result>(visit: Visit, work: (extract: Extract | null, around: Surroundings, damaged?: SystemFailure) => Promise<Result>): Promise<Result> {
    for (let look = 1; ; look += 1) {
      const around = await visit.around();
      if (around.extracts.length === 0) return await work(null, around);
      let damage: SystemFailure | undefined;
      for (const manifest of around.extracts.slice(0, 2)) {
        try {
          return await work(await extracts.open(visit.session, manifest), around, damage);
        } catch (error) {
          if (!isSystemFailure(error) || error.failure.code !== 'LEGACY_EXTRACT_DAMAGED') throw error;
          visit.context.log.warn({ system: error.failure.system, file: manifest }, error.failure.message);
          damage = error;
        }
      }
      if (look >= LOOKS && damage !== undefined) throw damage;
    }
  }

  async function laborAnswer(visit: Visit, batch: string): Promise<Acknowledgement> {
    const known = laborAnswers.get(batch) ?? (await visit.acknowledgement(batch));
    laborAnswers.set(batch, known);
    return known;
  }

  return {
    record: (record, key, asking) =>
      exchange.visit(asking, async (visit) => {
        const isAbout = (batch: string) => batch.split('.')[1] === markOf(record, key);
        for (const batch of unanswered(await visit.around()).filter(isAbout)) await visit.acknowledgement(batch);
        return await withExtract(visit, async (extract, around) => {
          const extracted = (await extract?.records(RECORDS[record]))?.get(key);
          let latest: Latest = extracted === undefined ? { change: extract?.completeTo ?? 0, standing: null } : { change: extracted.change, standing: { number: extracted.number, status: extracted.status } };
          for (const batch of [...around.fresh].filter(isAbout)) {
            for (const answer of (await visit.acknowledgement(batch)).records) {
              const counts = answer.key === key && answer.outcome !== 'REFUSED' && answer.outcome !== 'NOT_FOUND';
              if (!counts || answer.change <= Math.max(latest.change, extract?.completeTo ?? 0)) continue;
              latest = { change: answer.change, standing: answer.outcome === 'DELETED' ? null : { number: answer.number, status: answer.status } };
            }
          }
          return latest.standing;
        });
      }),

    labor: (keys, asking) =>
      exchange.visit(asking, async (visit) => {
        const isLabor = (batch: string) => batch.startsWith('labor.');
        for (const batch of unanswered(await visit.around()).filter(isLabor)) {
          if (await holdsOneOf(visit, batch, keys)) await visit.acknowledgement(batch);
        }
        return await withExtract(visit, async (extract, around) => {
          const found = new Map<string, string>();
          const fresh = [...around.fresh].filter(isLabor);
          laborAnswers = new Map(fresh.flatMap((batch): [string, Acknowledgement][] => {
            const known = laborAnswers.get(batch);
            return known === undefined ? [] : [[batch, known]];
          }));
          for (const batch of fresh) {
            for (const { key, outcome, number } of (await laborAnswer(visit, batch)).records) {
              if (keys.has(key) && (outcome === 'CREATED' || outcome === 'PRESENT')) found.set(key, number);
            }
          }
          if (extract === null || found.size === keys.size) return found;
          for await (const { external_key: key, number } of extract.labor()) {
            if (keys.has(key)) found.set(key, number);
          }
          return found;
        });
      }),

    newest: (asking, work) => exchange.visit(asking, (visit) => withExtract(visit, (extract, _around, damaged) => work(extract, damaged))),
  };

  /** Null where our own file cannot be read any more: any line may be in it. */
  function keysIn(content: Buffer): string[] | null {
    try {
      const [, ...rows]: string[][] = parse(decoded(content, encoding), { relax_column_count: true });
      return rows.map(([key = '']) => key);
    } catch {
      return null;
    }
  }

  async function holdsOneOf({ session }: Visit, batch: string, keys: ReadonlySet<string>): Promise<boolean> {
    for (const folder of [folders.in, folders.done]) {
      const file = await session.read(`${folder}/${fileName(batch, 'labor')}`, MOST_BYTES);
      if (file === null) continue;
      const known = keysIn(file.content);
      return known === null || known.some((key) => keys.has(key));
    }
    return false;
  }
}
