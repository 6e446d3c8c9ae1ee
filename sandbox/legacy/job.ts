import { createHash } from 'node:crypto';
import type { SandboxContext } from '../kit/sandbox.ts';
import { openBooks, type Answer, type JournalEntry } from './books.ts';
import { createExtracts } from './extracts.ts';
import { openFiles } from './files.ts';
import { importItem } from './import.ts';
import type { LegacyOptions } from './options.ts';
import { BatchRefused, readItems, readManifest, type Item } from './reading.ts';

const ACK_FIELDS = ['kind', 'external_key', 'outcome', 'number', 'status', 'change', 'code', 'message'];
const PAGE = '<!DOCTYPE html><html><head><title>Job log</title></head><body><h1>The spool file could not be opened.</h1></body></html>';

/** What the next batch meets, as a test orders it (POST /__admin/seed {"orders": [{"kind": "torn"}]}). */
interface Order {
  readonly id: string;
  readonly kind: 'torn' | 'control-total' | 'busy' | 'break-off' | 'lose-ack' | 'page' | 'other-shape';
}

/** The import job: looks for manifests, checks the files, imports record by record, answers, and puts the batch away. One look at a time. */
export function createJob(context: SandboxContext, options: LegacyOptions) {
  const { records, mode, now } = context;
  const books = openBooks(records);
  const files = openFiles(options);
  const extracts = createExtracts(context, books, files);
  const orders = records.collection<Order>('orders');

  async function look(): Promise<void> {
    if (mode() === 'stopped') return;
    const newest = extracts.newest();
    if (options.extractEveryMs > 0 && (newest === undefined || now().getTime() - Date.parse(newest.at) >= options.extractEveryMs)) await extracts.write();
    const waiting = (await files.list('in')).filter((name) => name.endsWith('.manifest.csv'));
    const arrivals = await Promise.all(waiting.map(async (name) => ({ name, at: await files.changedAt(`in/${name}`) })));
    for (const { name, at } of arrivals.toSorted((left, right) => left.at - right.at || (left.name < right.name ? -1 : 1))) {
      if (mode() === 'late' && now().getTime() - at < options.lateMs) continue;
      await take(name.slice(0, -'.manifest.csv'.length));
    }
  }

  async function take(batch: string): Promise<void> {
    const manifest = await files.read(`in/${batch}.manifest.csv`);
    const checksum = createHash('sha256').update(manifest).digest('hex');
    const names = (await files.list('in')).filter((name) => name.startsWith(`${batch}.`) && name.endsWith('.csv') && !name.endsWith('.manifest.csv'));
    const entry = books.journal.get(batch) ?? (await deal(batch, manifest, checksum, names));
    await answer(entry, true);
    const place = entry.outcome === 'REFUSED' ? 'failed' : 'done';
    for (const name of [...names, `${batch}.manifest.csv`]) await files.move(`in/${name}`, `${place}/${name}`);
  }

  async function deal(batch: string, manifest: Buffer, checksum: string, names: readonly string[]): Promise<JournalEntry> {
    const table = batch.split('.', 1)[0] ?? '';
    const base = { id: batch, table, manifest: checksum, at: now().toISOString() };
    try {
      if (ordered('busy')) throw new BatchRefused('BUSY', 'the month-end job has locked the files');
      const announced = readManifest(batch, manifest, options.encoding);
      const torn = ordered('torn');
      const contents = new Map<string, Buffer>();
      for (const name of names) contents.set(name, (await files.read(`in/${name}`)).subarray(0, torn ? -1 : undefined));
      if (ordered('control-total')) throw new BatchRefused('CONTROL_TOTAL', `the control total of ${batch}.${table}.csv is not the one its manifest says`);
      const items = readItems(announced, contents, options.encoding);
      if (ordered('break-off')) breakOff(items);
      const answers = table === 'requests' ? await requests(items) : imported(items);
      return records.transaction(() => kept({ ...base, outcome: 'TAKEN', code: '', message: '', answers, change: books.nextChange() }));
    } catch (error) {
      if (!(error instanceof BatchRefused)) throw error;
      return kept({ ...base, outcome: 'REFUSED', code: error.code, message: error.message, answers: [], change: books.nextChange() });
    }
  }

  function kept(entry: JournalEntry): JournalEntry {
    books.journal.put(entry.id, entry);
    return entry;
  }

  function imported(items: readonly Item[]): Answer[] {
    const seen = new Set<string>();
    return records.transaction(() =>
      items.map((item) => {
        if (seen.has(item.key)) return { key: item.key, outcome: 'REFUSED' as const, code: 'DUPLICATE_IN_BATCH', message: `${item.key} is in the batch twice` };
        seen.add(item.key);
        return importItem(books, item);
      }),
    );
  }

  /** The job ends in the middle of a batch without commitment control: what it has imported stays, and it has answered nothing. */
  function breakOff(items: readonly Item[]): never {
    for (const item of items.slice(0, Math.ceil(items.length / 2))) importItem(books, item);
    throw new Error('the import job ended abnormally');
  }

  async function requests(items: readonly Item[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const { key, values } of items) {
      const wanted = values['batch'] ?? '';
      if (values['request'] === 'EXTRACT') {
        answers.push({ key, outcome: 'DONE', number: String(await extracts.write()), change: books.nextChange() });
        continue;
      }
      const entry = values['request'] === 'ACKNOWLEDGEMENT' ? books.journal.get(wanted) : undefined;
      if (entry === undefined) {
        answers.push({ key, outcome: 'REFUSED', code: values['request'] === 'ACKNOWLEDGEMENT' ? 'BATCH_UNKNOWN' : 'REQUEST_UNKNOWN', message: `there is no ${values['request'] === 'ACKNOWLEDGEMENT' ? `batch ${wanted}` : `request ${values['request'] ?? ''}`}` });
        continue;
      }
      await answer(entry, false);
      answers.push({ key, outcome: 'DONE', number: '1', change: books.nextChange() });
    }
    return answers;
  }

  async function answer(entry: JournalEntry, first: boolean): Promise<void> {
    if (mode() === 'silent' || (first && ordered('lose-ack'))) return;
    const path = `out/${entry.id}.ack.csv`;
    if (first && ordered('page')) return await files.write(path, Buffer.from(PAGE));
    if (first && ordered('other-shape')) return await files.write(path, files.content([['batch', 'state'], [entry.id, 'OK']]));
    await files.write(
      path,
      files.content([
        ACK_FIELDS,
        ['B', entry.id, entry.outcome, entry.manifest, '', entry.change, entry.code, entry.message],
        ...entry.answers.map((each) => ['R', each.key, each.outcome, each.number ?? '', each.status ?? '', each.change ?? '', each.code ?? '', each.message ?? '']),
        ['T', entry.answers.length, '', '', '', '', '', ''],
      ]),
    );
  }

  function ordered(kind: Order['kind']): boolean {
    const order = orders.find((each) => each.kind === kind);
    return order !== undefined && orders.delete(order.id);
  }

  let turn: Promise<void> | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    // A job that ends abnormally, or finds a file gone, begins again at its next turn.
    turn = look().catch(() => undefined).finally(() => {
      if (!stopped) timer = setTimeout(next, options.lookEveryMs);
    });
  };

  return {
    async start(): Promise<void> {
      await files.prepare();
      next();
    },
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}
