import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxContext } from '../kit/sandbox.ts';
import { answerTo, type Rejection } from './acknowledgement.ts';
import { examine, hoursText, readManifest, type Examined } from './examine.ts';
import type { PayrollOptions } from './options.ts';

/** An export as the bureau has it. */
export interface TakenExport {
  readonly id: string;
  readonly employer: string;
  readonly payPeriod: string;
  readonly payDate: string;
  readonly kind: string;
  readonly lines: number;
  readonly people: number;
  readonly hours: string;
  readonly checksum: string;
  readonly outcome: string;
  readonly rejected: number;
  readonly takenAt: string;
  /** Whether the acknowledgement lies there, and as the bureau means it. */
  readonly answered: 'not yet' | 'spoiled' | 'yes';
}

/** A person whom the bureau has no master data of, until it is told that they are known. */
interface UnknownEmployee {
  readonly id: string;
  readonly reason?: string;
  readonly known?: boolean;
}

const SPOILED = new Set(['half-file', 'wrong-checksum', 'unknown-lines']);

/** The bureau at work: looks for manifests, checks what they promise, and answers. One look at a time. */
export function createBureau(context: SandboxContext, options: PayrollOptions) {
  const { records, mode, now } = context;
  const exports = records.collection<TakenExport>('exports');
  const unknown = records.collection<UnknownEmployee>('unknown_employees');
  const folder = (name: string) => join(options.folder, name);

  async function look(): Promise<void> {
    if (mode() === 'closed') return;
    for (const name of ['outgoing', 'processed', 'incoming']) await mkdir(folder(name), { recursive: true });
    for (const place of ['outgoing', 'processed']) {
      for (const file of await readdir(folder(place))) if (file.endsWith('.manifest.json')) await take(place, file);
    }
  }

  async function take(place: string, file: string): Promise<void> {
    const manifest = readManifest(await readFile(join(folder(place), file), 'utf8'));
    if (manifest === undefined) return;
    const before = exports.get(manifest.exportId);
    if (before?.answered === 'yes') return;
    const examined = examine(manifest, await readFile(join(folder(place), manifest.file.name)).catch(() => Buffer.alloc(0)));
    const rejected = rejections(examined);
    const refusal = mode() === 'refuse' ? 'the employer has not signed this pay period' : examined.refusal;
    const decided = { ...examined, refusal };
    const taken: TakenExport = before ?? {
      id: manifest.exportId,
      employer: manifest.employer,
      payPeriod: manifest.payPeriod.code,
      payDate: manifest.payDate,
      kind: manifest.kind,
      lines: examined.lines.length,
      people: new Set(examined.lines.map(({ person }) => person)).size,
      hours: hoursText(examined.lines.reduce((sum, { scaled }) => sum + scaled, 0n)),
      checksum: examined.checksum,
      outcome: refusal !== null ? `refused: ${refusal}` : rejected.length > 0 ? 'lines rejected' : 'accepted',
      rejected: refusal === null ? rejected.length : examined.lines.length,
      takenAt: now().toISOString(),
      answered: 'not yet',
    };
    exports.put(taken.id, taken);
    if (options.moveProcessed && place === 'outgoing') {
      for (const moved of [manifest.file.name, file]) await rename(join(folder(place), moved), join(folder('processed'), moved));
    }
    if (mode() === 'silent') return;
    if (mode() === 'late' && now().getTime() - Date.parse(taken.takenAt) < options.lateMs) return;
    if (SPOILED.has(mode()) && taken.answered === 'spoiled') return;
    await answer(taken, decided, rejected);
  }

  async function answer(taken: TakenExport, examined: Examined, rejected: readonly Rejection[]): Promise<void> {
    const spoiled = SPOILED.has(mode());
    const told = mode() === 'wrong-checksum' ? { ...examined, checksum: '0'.repeat(64) } : examined;
    const listed = mode() === 'unknown-lines' ? [...rejected, { line: examined.lines.length + 7, reason: 'no such person' }] : rejected;
    const { name, content } = answerTo(told, { rejected: listed, reference: `PB-${taken.id}`, csv: mode() === 'csv' });
    const target = join(folder('incoming'), name);
    if (mode() === 'half-file') {
      await writeFile(target, content.slice(0, content.length / 2));
    } else {
      await writeFile(`${target}.tmp`, content);
      await rename(`${target}.tmp`, target);
    }
    const outcome = examined.refusal !== null ? `refused: ${examined.refusal}` : rejected.length > 0 ? 'lines rejected' : 'accepted';
    exports.put(taken.id, { ...taken, outcome, rejected: examined.refusal !== null ? examined.lines.length : rejected.length, answered: spoiled ? 'spoiled' : 'yes' });
  }

  function rejections({ lines }: Examined): Rejection[] {
    return lines.flatMap(({ line, person }) => {
      const missing = unknown.get(person);
      if (missing !== undefined && missing.known !== true) return [{ line, reason: missing.reason ?? `${person} has no payroll master data` }];
      return mode() === 'reject-lines' && line === 1 ? [{ line, reason: `${person} has no payroll master data` }] : [];
    });
  }

  let turn: Promise<void> | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    // A file that goes away between the listing and the reading is looked for again at the next turn.
    turn = look().catch(() => undefined).finally(() => {
      if (!stopped) timer = setTimeout(next, options.lookEveryMs);
    });
  };

  return {
    start: next,
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}
