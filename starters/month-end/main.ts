import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { resolveAddress, type Endpoints } from '../../connectors/addresses.ts';
import type { LaborPort } from '../../connectors/labor-port.ts';
import { createNetSuite } from '../../connectors/netsuite/index.ts';
import { netSuiteOptionsSchema } from '../../connectors/netsuite/options.ts';
import { connectorOptionSchemas } from '../../connectors/options.ts';
import { isUnsupported, type ErpPort, type Log } from '../../connectors/ports.ts';
import { dataDirectory, readSecrets } from '../../connectors/secrets.ts';
import { createTryton } from '../../connectors/tryton/index.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { openStore, type Store } from '../../store/database.ts';
import { monthProgress } from '../../store/time/month.ts';
import { activateFirmConfig } from '../config/activate.ts';
import { formatMistakes, loadFirmConfig } from '../config/load.ts';
import { connectClient } from '../temporal.ts';
import { loadReference, rosterOf, seedNetSuite, type ErpRoster } from './load.ts';
import { startProgress } from './progress.ts';
import { runPayrolls } from './payroll.ts';
import { sampleMonth, type SampleTerms } from './sample/index.ts';
import { sendTimesheets } from './send.ts';
import { summarize } from './summary.ts';

export interface MonthEndSettings {
  readonly endpoints: Endpoints;
  readonly terms: Partial<SampleTerms>;
  readonly erp: 'tryton' | undefined;
  /** Laid over the sample month's own. */
  readonly overlays: readonly string[];
  readonly tell?: (line: string) => void;
  /** Gives a Tryton the roster; it knows how. */
  readonly seedTryton?: (roster: ErpRoster) => Promise<void>;
}

const POLL_MS = 500;
/** Without any progress for so long, something is wrong. */
const STALLED_MS = 180_000;

/**
 * Sends the sample month through the gateway, watches it to its end, and reconciles what was received with what the ERP says it has.
 * @returns ok where everything that is right is in the ERP and all sums agree to the cent
 */
export async function runMonthEnd(settings: MonthEndSettings): Promise<{ readonly ok: boolean; readonly message?: string }> {
  const { endpoints, terms, erp, overlays, tell = (line) => process.stdout.write(`${line}\n`) } = settings;
  const loaded = await loadFirmConfig('config', { overlays: ['month-end', ...overlays], optionSchemas: connectorOptionSchemas });
  if (!loaded.ok) return { ok: false, message: `The configuration has mistakes; nothing was activated.\n${formatMistakes(loaded.mistakes)}` };
  const { config } = loaded;
  const gateway = endpoints.gateway?.url;
  const storeUrl = endpoints.store?.url;
  if (gateway === undefined || storeUrl === undefined) return { ok: false, message: 'Neither gateway nor store runs here: start them with npm start.' };
  const secrets = await readSecrets(dataDirectory());
  const month = sampleMonth(terms);
  const { consultants, month: name, seed } = month.terms;
  const { timesheets, entries } = month.counts();
  const store = openStore(storeUrl, { applicationName: 'q2c-month-end', connections: 3 });
  const { client, close } = await connectClient();
  try {
    // Before the configuration: periods that are told are not made up.
    await loadReference(store.db, month);
    await activateFirmConfig({ store, client, config, hash: loaded.hash, files: loaded.files, by: 'npm start -- --month-end' });
    tell('');
    tell(`The month ${name} of ${consultants} consultants: about ${timesheets} timesheets with ${entries} entries (seed ${seed}), judged as of ${month.asOf}.`);
    const roster = rosterOf(month);
    if (erp === 'tryton') await settings.seedTryton?.(roster);
    else await seedNetSuiteOnce(store, config, endpoints, roster);

    const startedAt = performance.now();
    const sending = startProgress({ label: 'Sending', unit: 'timesheets', total: timesheets });
    const signingSecret = secretOf(secrets['canonical']);
    const sent = await sendTimesheets(gateway, { signingSecret, idempotencyKey: `month-${name}-seed-${seed}-of-${consultants}`, timesheets: month.timesheets(), onLine: (count) => sending.update(Math.min(count, timesheets)) });
    sending.finish(sent.known > 0 ? `${sent.known} known before` : undefined);
    const end = await follow(store, timesheets);
    const seconds = (performance.now() - startedAt) / 1000;
    tell('');
    tell(`${sent.lines} timesheets came in: ${sent.received} new, ${sent.known} known before, ${sent.invalid} unreadable. All through after ${seconds.toFixed(1)} s (${Math.round(end.postings / seconds)} ERP lines a second).`);
    const paid = await runPayrolls({ store, client, tell });
    const log = pino({ level: 'silent' });
    const { ok } = await summarize({ db: store.db, month, hoursPerDay: config.firm.hoursPerDay, portOf: (system) => laborPort(config, endpoints, secrets, system, log), log, tell });
    const arrived = sent.lines === sent.received + sent.known + sent.invalid && sent.lines === timesheets;
    if (!arrived) tell(`Of ${timesheets} timesheets sent the gateway answered for ${sent.received + sent.known + sent.invalid}.`);
    return { ok: ok && paid && arrived };
  } finally {
    await close();
    await store.close();
  }
}

/** Watches from the store until everything received is through; stops where nothing moves any more. */
async function follow(store: Store, timesheets: number): Promise<{ readonly postings: number }> {
  const bar = startProgress({ label: 'Posting', unit: 'timesheets', total: timesheets });
  let last = '';
  let movedAt = Date.now();
  for (;;) {
    const progress = await monthProgress(store.db);
    const now = JSON.stringify(progress);
    if (now !== last) movedAt = Date.now();
    last = now;
    bar.update(Math.min(progress.decided, timesheets), `${progress.posted} lines in the ERP`);
    if ((progress.pagesOpen === 0 && progress.posted === progress.postings) || Date.now() - movedAt > STALLED_MS) {
      bar.finish();
      return progress;
    }
    await delay(POLL_MS);
  }
}

/** A roster is given once: a second run of the same month finds it. */
async function seedNetSuiteOnce(store: Store, config: FirmConfig, endpoints: Endpoints, roster: ErpRoster): Promise<void> {
  const system = config.systems.find(({ id }) => id === 'netsuite');
  const url = endpoints.sandbox['netsuite']?.url;
  if (system === undefined || url === undefined) throw new Error('the NetSuite sandbox does not run here: start it with npm start');
  if ((await monthProgress(store.db)).records > 0) return;
  await seedNetSuite(url, roster, netSuiteOptionsSchema.parse(system.options).subsidiaries);
}

function laborPort(config: FirmConfig, endpoints: Endpoints, secrets: Awaited<ReturnType<typeof readSecrets>>, id: string, log: Log): LaborPort {
  const system = config.systems.find((one) => one.id === id);
  if (system === undefined) throw new Error(`config/systems.yaml has no ${id}`);
  const settings = { system: id, baseUrl: resolveAddress(system.address, endpoints), credentials: system.credentials === null ? undefined : secrets[system.credentials], limits: system.limits, options: system.options, log };
  const erp: ErpPort = system.product === 'tryton' ? createTryton(settings) : createNetSuite(settings);
  if (isUnsupported(erp.labor)) throw new Error(`${id} takes no labor: ${erp.labor.unsupported}`);
  return erp.labor;
}

function secretOf(canonical: unknown): string {
  const secret: unknown = typeof canonical === 'object' && canonical !== null ? Reflect.get(canonical, 'signingSecret') : undefined;
  if (typeof secret !== 'string') throw new Error('the credentials have no canonical.signingSecret: start everything with npm start, which makes them');
  return secret;
}
