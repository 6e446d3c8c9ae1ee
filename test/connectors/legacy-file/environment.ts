import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { localFolder } from '../../../connectors/file-exchange/local-folder.ts';
import type { FileSession, FileTransport } from '../../../connectors/file-exchange/transport.ts';
import { legacyFileOver } from '../../../connectors/legacy-file/index.ts';
import { isUnsupported, type ErpPort, type RecordPort, type References, type Unsupported } from '../../../connectors/ports.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { legacy } from '../../../sandbox/legacy/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { LIMIT_MS, type FaultBoard } from '../conformance/records.ts';

export const OPTIONS = { lookEverySeconds: 0.004, askAgainSeconds: 0.03, waitSeconds: 15, retryAfterSeconds: LIMIT_MS / 1000, linesPerBatch: 60 };
export const NONE: References = { customers: {}, contracts: {}, projects: {} };

const values = z.record(z.string(), z.string());
const entrySchema = z.looseObject({ id: z.string(), number: z.string(), status: z.string(), fields: values, lines: z.array(values) });
export type Entry = z.infer<typeof entrySchema>;

type Spoilt = 'before' | 'after' | 'refused';

/** What a test can do to the folder between the connector and the ERP. */
export interface Wire {
  /** As the next batch's manifest is published the connection is lost, before or after it lies there; or the first of its files may not be written. */
  cut(when: Spoilt): void;
  restore(): void;
  /** Every path published since the last call. */
  published(): string[];
}

export interface TestErp {
  readonly folder: string;
  readonly url: () => string;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  readonly wire: Wire;
  readonly faults: FaultBoard;
  connect(options?: object): ErpPort;
  /** What the ERP has in a table, as its own people see it. */
  entries(table: string): Promise<Entry[]>;
  order(kind: string): Promise<void>;
  mode(mode: string): Promise<void>;
  files(folder: string): Promise<string[]>;
  text(path: string): Promise<string>;
  close(): Promise<void>;
}

/** An ERP of its own that looks into its folder every few milliseconds. */
export async function startErp(options: Readonly<Record<string, unknown>> = {}): Promise<TestErp> {
  const folder = await mkdtemp(join(tmpdir(), 'q2c-legacy-'));
  const running: RunningSandbox = await startSandbox(legacy, { port: 0, options: { folder, lookEveryMs: 4, extractEveryMs: 0, ...options } });
  const url = () => running.url;
  const admin = sandboxAdmin(url);
  const { transport, wire } = cuttable(localFolder(folder));
  const order = async (kind: string) => void (await admin.seed({ orders: [{ kind }] }));
  return {
    folder,
    url,
    admin,
    wire,
    faults: faultBoard(wire, order, () => order('none')),
    connect: (own = {}) => legacyFileOver({ system: 'legacy', options: { ...OPTIONS, ...own } }, transport),
    entries: async (table) => z.array(entrySchema).parse((await admin.state())[table] ?? []),
    order,
    async mode(mode) {
      const answer = await fetch(`${running.url}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode }) });
      assert.ok(answer.ok, await answer.text());
    },
    files: async (name) => (await readdir(join(folder, name)).catch(() => [])).toSorted(),
    text: (path) => readFile(join(folder, path), 'latin1'),
    async close() {
      await running.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A transport whose connection is lost on order: what it says then is what an SFTP client says. */
function cuttable(inner: FileTransport): { readonly transport: FileTransport; readonly wire: Wire } {
  let cut: Spoilt | undefined;
  let paths: string[] = [];
  const lost = () => Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' });
  const spoiled = (session: FileSession): FileSession => ({
    ...session,
    async publish(path, content) {
      const meant = cut !== undefined && (cut === 'refused' || path.endsWith('.manifest.csv')) && !path.includes('requests.') ? cut : undefined;
      if (meant !== undefined) cut = undefined;
      if (meant === 'before') throw lost();
      if (meant === 'refused') throw Object.assign(new Error('permission denied'), { code: 'EACCES' });
      await session.publish(path, content);
      paths.push(path);
      if (meant === 'after') throw lost();
    },
  });
  return {
    transport: { use: (signal, work) => inner.use(signal, (session) => work(spoiled(session))) },
    wire: {
      cut(when) {
        cut = when;
      },
      restore() {
        cut = undefined;
      },
      published() {
        const since = paths;
        paths = [];
        return since;
      },
    },
  };
}

/**
 * The suites' faults as a file exchange knows them: a cut connection is one, a server at its limit is an ERP whose files are locked, an account without the right a folder that may not be written to, an answer of another
 * shape an acknowledgement that is none, and where a token would expire an acknowledgement is lost.
 */
function faultBoard(wire: Wire, order: (kind: string) => Promise<void>, clear: () => Promise<unknown>): FaultBoard {
  return {
    async next({ kind, status }) {
      switch (kind) {
        case 'cut-before':
          return wire.cut('before');
        case 'cut-after':
          return wire.cut('after');
        case 'status':
          return status === 429 ? await order('busy') : wire.cut(status === 403 ? 'refused' : 'after');
        case 'html':
          return await order('page');
        case 'wrong-schema':
          return await order('other-shape');
        case 'expired-token':
          return await order('lose-ack');
        default:
          throw new Error(`a folder has no ${kind}: bad-files.spec.ts has what it has instead`);
      }
    },
    async clear() {
      wire.restore();
      await clear();
    },
  };
}

export function offered<Document>(port: RecordPort<Document> | Unsupported): RecordPort<Document> {
  assert.ok(!isUnsupported(port));
  return port;
}
