import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import { fileFailure } from '../file-exchange/failures.ts';
import type { FileSession, FileTransport } from '../file-exchange/transport.ts';
import type { CallContext } from '../ports.ts';
import { AcknowledgementUnreadable, readAcknowledgement, type Acknowledgement } from './acknowledgement.ts';
import { batchOf, fileName, manifestName, manifestOf, markOf, sha256, type Batch } from './batch.ts';
import type { LegacyFileOptions } from './options.ts';
import { notUnderstood, type About } from './refusals.ts';
import { acknowledgementName, FolderMissing, isAnswered, lastNumber, lookAround, type Surroundings } from './surroundings.ts';

const COUNTERPART = { code: 'LEGACY', whose: 'whoever runs the ERP', folder: 'folder of the ERP' };
/** An acknowledgement of 5,000 lines has not half of it. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Batches whose answer nobody has heard yet, kept to know what a later call is owed. */
const MOST_UNHEARD = 10_000;

interface Unreadable {
  readonly unreadable: string;
  readonly evidence: string;
}

export interface Asking {
  readonly about: About;
  readonly context: CallContext;
}

/** One piece of work in the ERP's folders. */
export interface Visit extends Asking {
  readonly session: FileSession;
  around(): Promise<Surroundings>;
  /** The acknowledgement of a batch, waited for. @throws SystemFailure where it does not come within the call's limit */
  acknowledgement(batch: string): Promise<Acknowledgement>;
}

export interface Exchange {
  readonly options: LegacyFileOptions;
  visit<Result>(asking: Asking, work: (visit: Visit) => Promise<Result>): Promise<Result>;
  /**
   * Sends a batch and waits for its acknowledgement. What was sent under its name before is not sent again: its acknowledgement is waited for. Only
   * where that was heard already and refused a record, or where `again` is asked for, the batch is sent anew under the next number.
   * @throws SystemFailure transient, with `written: 'unknown'`, where the acknowledgement does not come within the call's limit
   */
  submit(batch: Batch, asking: Asking, again?: 'again'): Promise<Acknowledgement>;
}

export function createExchange(options: LegacyFileOptions, transport: FileTransport): Exchange {
  const { folders, encoding } = options;
  const unheard = new Set<string>();

  async function visit<Result>({ about, context }: Asking, work: (visit: Visit, writing: () => void) => Promise<Result>): Promise<Result> {
    const { signal } = context;
    signal.throwIfAborted();
    let wrote = false;
    try {
      return await transport.use(signal, (session) =>
        work({ session, about, context, around: () => lookAround(session, folders), acknowledgement: (batch) => awaited({ session, about, context }, batch, wrote) }, () => {
          wrote = true;
        }),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (isSystemFailure(error)) throw error;
      if (error instanceof FolderMissing) throw folderMissing(about, error, wrote);
      const { failure } = fileFailure(error, { ...about, counterpart: COUNTERPART, writing: wrote });
      throw new SystemFailure(wrote ? { ...failure, written: 'unknown' } : failure, { cause: error });
    }
  }

  type At = Pick<Visit, 'session' | 'about' | 'context'>;

  async function awaited({ session, about, context }: At, batch: string, wrote: boolean): Promise<Acknowledgement> {
    const began = performance.now();
    let asked = false;
    for (;;) {
      context.signal.throwIfAborted();
      const found = await readOf(session, batch);
      if (found !== null && !('unreadable' in found)) return found;
      const waited = (performance.now() - began) / 1000;
      if (!asked && waited >= Math.min(options.askAgainSeconds, options.waitSeconds) && (found !== null || (await isPutAway(session, batch)))) {
        asked = true;
        await askAgain(session, batch, about);
      }
      if (waited >= options.waitSeconds) throw notAcknowledged(about, batch, found, wrote);
      context.heartbeat(`${about.object}: waiting for the ERP's acknowledgement of ${batch}`);
      await sleep(Math.min(options.lookEverySeconds, options.waitSeconds - waited) * 1000, undefined, { signal: context.signal });
    }
  }

  async function readOf(session: FileSession, batch: string): Promise<Acknowledgement | Unreadable | null> {
    for (const folder of [folders.out, folders.old]) {
      const file = await session.read(`${folder}/${acknowledgementName(batch)}`, MOST_BYTES);
      if (file === null) continue;
      try {
        const acknowledgement = readAcknowledgement(file.content, encoding);
        if (acknowledgement.batch === batch) return acknowledgement;
        throw new AcknowledgementUnreadable(`it is of the batch ${acknowledgement.batch}`);
      } catch (error) {
        if (!(error instanceof AcknowledgementUnreadable)) throw error;
        return { unreadable: error.message, evidence: file.content.subarray(0, 2000).toString('latin1') };
      }
    }
    return null;
  }

  async function isPutAway(session: FileSession, batch: string): Promise<boolean> {
    return (await session.read(`${folders.in}/${manifestName(batch)}`, MOST_BYTES)) === null;
  }

  /** Asks the ERP to write an acknowledgement again; nobody waits for the answer to that. */
  async function askAgain(session: FileSession, batch: string, about: About): Promise<void> {
    const request = batchOf([{ table: 'requests', rows: [{ external_key: `ack-${markOf('BATCH', batch)}`, request: 'ACKNOWLEDGEMENT', batch }] }], markOf('BATCH', batch), batch, encoding, about);
    const around = await lookAround(session, folders);
    const last = lastNumber(around, request.stem);
    if (last > 0 && around.waiting.has(`${request.stem}.${last}`)) return;
    await publish(session, request, last + 1);
  }

  /** A batch counts from its manifest on: until that is written, nothing can have taken effect. */
  async function publish(session: FileSession, batch: Batch, number: number, writing: () => void = () => undefined): Promise<void> {
    const name = `${batch.stem}.${number}`;
    for (const { table, content } of batch.files) await session.publish(`${folders.in}/${fileName(name, table)}`, content);
    writing();
    await session.publish(`${folders.in}/${manifestName(name)}`, manifestOf(batch, name));
  }

  function folderMissing(about: About, { message: folder }: FolderMissing, wrote: boolean): SystemFailure {
    return new SystemFailure({ kind: 'transient', code: 'LEGACY_FOLDER_MISSING', message: `The ERP has no folder "${folder}" for ${about.object}: it may not be mounted, or not made.`, mend: 'Mount the share, or make the folder (docs/legacy-erp.md, "The folders"); it is tried again by itself.', ...about, written: wrote ? 'unknown' : 'no', retryAfterMs: options.retryAfterSeconds * 1000 });
  }

  function notAcknowledged(about: About, batch: string, found: Unreadable | null, wrote: boolean): SystemFailure {
    const written = wrote ? 'unknown' : 'no';
    if (found !== null) return notUnderstood(about, 'LEGACY_ACK_UNREADABLE', `The ERP's acknowledgement of ${batch} (${about.object}) cannot be used: ${found.unreadable}.`, found.evidence, written);
    return new SystemFailure({
      kind: 'transient',
      code: 'LEGACY_NOT_ACKNOWLEDGED',
      message: `The ERP has not acknowledged ${batch} (${about.object}) within ${options.waitSeconds} seconds.`,
      mend: 'Nothing to do at first: its acknowledgement is looked for again, and nothing is sent twice. Where this goes on, see whether the ERP\'s import job runs.',
      ...about,
      written,
      retryAfterMs: options.retryAfterSeconds * 1000,
    });
  }

  return {
    options,
    visit: (asking, work) => visit(asking, (each) => work(each)),
    submit: (batch, asking, again) =>
      visit(asking, async (here, writing) => {
        const around = await here.around();
        const last = lastNumber(around, batch.stem);
        const heard = async (name: string): Promise<Acknowledgement> => {
          writing();
          unheard.add(name);
          if (unheard.size > MOST_UNHEARD) unheard.delete(unheard.values().next().value ?? '');
          const answer = await here.acknowledgement(name);
          const manifest = sha256(manifestOf(batch, name));
          if (answer.sha256 !== manifest) throw notUnderstood(asking.about, 'LEGACY_ACK_OTHER_BATCH', `The ERP's acknowledgement of ${name} (${asking.about.object}) is of a manifest with the checksum ${answer.sha256}, but ${manifest} was sent.`, '', 'unknown');
          unheard.delete(name);
          return answer;
        };
        if (last > 0) {
          const name = `${batch.stem}.${last}`;
          const owed = unheard.has(name) || !isAnswered(around, name);
          const answer = await heard(name);
          if (owed || (again === undefined && isAccepted(answer))) return answer;
        }
        await publish(here.session, batch, last + 1, writing);
        return await heard(`${batch.stem}.${last + 1}`);
      }),
  };
}

function isAccepted({ outcome, records }: Acknowledgement): boolean {
  return outcome === 'TAKEN' && records.every((record) => record.outcome !== 'REFUSED');
}
