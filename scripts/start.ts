// `npm start`: everything from one command; see README.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { z } from 'zod';
import { connectorOptionSchemas } from '../connectors/options.ts';
import { ensureCredentials } from '../sandbox/credentials.ts';
import { sandboxesBehind, type SandboxName } from '../sandbox/names.ts';
import { formatMistakes, loadFirmConfig } from '../starters/config/load.ts';
import type { ErpRoster } from '../starters/month-end/load.ts';
import { runMonthEnd } from '../starters/month-end/main.ts';
import { sampleMonth } from '../starters/month-end/sample/index.ts';
import { dataFolder, projectFolder } from './data-folder.ts';
import { endpointsFile, writeEndpoints, type Endpoints } from './endpoints.ts';
import { endLeftovers } from './leftovers.ts';
import { tryLock } from './lock.ts';
import { consoleExists, environmentOf, partsOf, portsUsed, type PartSettings } from './parts.ts';
import { busyPorts, portOffset, portsFor } from './ports.ts';
import { storeUrl } from './store-server/embedded.ts';
import { supervise, type Supervisor } from './supervisor.ts';
import { loadTemporalConfig } from './temporal-server/config.ts';
import { missingSearchAttributes } from './temporal-server/namespace.ts';
import { prepareTrytonForTime } from './tryton/time-setup.ts';
import { serverOfEnvironment } from './temporal-server/obtain.ts';

const help = `npm start [-- options]
  --once           run the sample deals, then stop; exit code 0 only if each reached its expected end
  --erp tryton     start Tryton, an ERP that really runs, and use it
  --overlay NAME   lay config/overlays/NAME over the configuration, such as dynamics; may be given several times
  --month-end      post a sample month of time (4,000 consultants) and reconcile it with the ERP, then stop
  --consultants N  of the sample month
  --seed N         of the sample month: another seed is another month
  --port-offset N  shift all ports by N (or Q2C_PORT_OFFSET)
A Temporal server or PostgreSQL of your own: TEMPORAL_ADDRESS (or a temporal.toml profile), DATABASE_URL.
Another folder for all data: Q2C_DATA_DIR.`;

interface StoryContext {
  readonly endpoints: Endpoints;
  readonly once: boolean;
  readonly overlays: readonly string[];
}
const storyModule = z.looseObject({ runStory: z.custom<(context: StoryContext) => unknown>((value) => typeof value === 'function') });
const storyResult = z.looseObject({ ok: z.boolean() });

const tell = (line: string) => console.log(line);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { once: { type: 'boolean', default: false }, erp: { type: 'string' }, overlay: { type: 'string', multiple: true, default: [] }, 'month-end': { type: 'boolean', default: false }, consultants: { type: 'string' }, seed: { type: 'string' }, 'port-offset': { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    tell(help);
    return 0;
  }
  if (values.erp !== undefined && values.erp !== 'tryton') throw new Error(`--erp knows "tryton", not "${values.erp}". Without it the NetSuite sandbox is the ERP.`);

  if (values['month-end'] && values.overlay.length > 0) throw new Error('The sample month is posted into NetSuite\'s sandbox, or with --erp tryton into Tryton: leave --overlay out.');
  const stopping = stopSignal();
  const monthEnd = values['month-end'] ? monthTerms(values, values.erp === 'tryton') : undefined;
  // A month that never was has a store and an ERP of its own.
  // One ERP's month is the same timesheets as another's: in one store, the second would first reverse the first in an ERP that is not there any more.
  const dataDir = monthEnd === undefined ? dataFolder() : join(dataFolder(), values.erp === 'tryton' ? 'month-end-tryton' : 'month-end');
  if (monthEnd !== undefined) process.env['Q2C_CLOCK'] = sampleMonth(monthEnd).asOf;
  const attempt = tryLock(join(dataDir, 'start.lock'));
  if (attempt.kind === 'taken') {
    throw new Error(`Already started: process ${attempt.by.pid} runs with the data in ${dataDir}. Its addresses are in ${endpointsFile(dataDir)}. Stop it with Ctrl-C there, or start a second one with another Q2C_DATA_DIR and --port-offset.`);
  }
  let supervisor: Supervisor | undefined;
  try {
    const settings = await settle(dataDir, portOffset(values['port-offset']), values.erp === 'tryton', [...values.overlay, ...(values.erp === undefined ? [] : [values.erp])]);
    const endpoints = announce(settings);
    const lost = Promise.withResolvers<string>();
    const startedAt = Date.now();
    tell('Starting …');
    supervisor = await supervise(partsOf(settings), { dataDir, runId: randomUUID(), restart: !values.once && monthEnd === undefined, signal: stopping.signal, tell, onLost: (_part, message) => lost.resolve(message) });
    tell(`Everything is ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
    printAddresses(endpoints, dataDir);
    Object.assign(process.env, environmentOf(settings));
    const outcome = await Promise.race([
      monthEnd === undefined ? runStory({ endpoints, once: values.once, overlays: settings.overlays }) : runMonth(endpoints, monthEnd, settings),
      lost.promise.then((message) => ({ ok: false, message })),
      stopping.promise.then(() => undefined),
    ]);
    if (outcome?.message !== undefined) tell(outcome.message);
    if (values.once || monthEnd !== undefined || outcome === undefined) return outcome?.ok === true ? 0 : stopping.code();
    tell('Everything stays up. Ctrl-C stops it; the next start continues from here.');
    await Promise.race([stopping.promise, lost.promise.then(tell)]);
    return stopping.code();
  } catch (error) {
    if (stopping.signal.aborted) return stopping.code();
    throw error;
  } finally {
    if (supervisor !== undefined) tell('Stopping …');
    await supervisor?.stop();
    attempt.lock.release();
  }
}

async function settle(dataDir: string, offset: number, tryton: boolean, overlays: readonly string[]): Promise<PartSettings> {
  const config = loadTemporalConfig();
  const ports = portsFor(config, offset);
  const left = await endLeftovers(dataDir);
  if (left.length > 0) tell(`Ended what an earlier start had left running: ${left.join(', ')}.`);
  const given = process.env['DATABASE_URL'];
  const externalStore = given === undefined || given === '' ? undefined : given;
  const settings = {
    dataDir, ports, portOffset: offset, config, tryton, overlays, externalStore,
    sandboxes: await sandboxesFor(overlays),
    progress: tell,
    externalTemporal: serverOfEnvironment(),
    storeUrl: externalStore ?? storeUrl(dataDir, ports.store),
  };
  const busy = await busyPorts(ports, portsUsed(settings));
  if (busy.length > 0) {
    throw new Error(
      `${busy.length === 1 ? 'A port is' : 'Ports are'} in use by another program: ${busy.map((name) => `${ports[name]} (${name})`).join(', ')}. ` +
        `Stop that program, or shift all ports: npm start -- --port-offset ${offset + 100}`,
    );
  }
  if (settings.externalTemporal !== undefined) await checkExternalTemporal(settings);
  return settings;
}

/** The stand-ins behind the addresses of the configured systems. @throws Error with every mistake of the configuration */
async function sandboxesFor(overlays: readonly string[]): Promise<readonly SandboxName[]> {
  const loaded = await loadFirmConfig(join(projectFolder, 'config'), { overlays, optionSchemas: connectorOptionSchemas });
  if (!loaded.ok) throw new Error(`The configuration has mistakes; nothing was started.\n${formatMistakes(loaded.mistakes)}`);
  return sandboxesBehind(loaded.config.systems.map(({ address }) => address));
}

async function checkExternalTemporal({ externalTemporal, config }: PartSettings): Promise<void> {
  if (externalTemporal === undefined) return;
  const { connectionOptions } = loadClientConnectConfig();
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '10s' }).catch((error: unknown) => {
    throw new Error(`The Temporal server ${externalTemporal.address} that the environment names does not answer. Start it, or unset TEMPORAL_ADDRESS to use a local one.`, { cause: error });
  });
  try {
    const missing = await missingSearchAttributes(connection, externalTemporal.namespace, config).catch(() => []);
    if (missing.length === 0) return;
    const flags = missing.map((name) => `--name ${name} --type ${config.searchAttributes[name] ?? 'Keyword'}`).join(' ');
    throw new Error(`The namespace ${externalTemporal.namespace} on ${externalTemporal.address} lacks search attributes. Add them, then start again:\n  temporal operator search-attribute create --namespace ${externalTemporal.namespace} ${flags}`);
  } finally {
    await connection.close();
  }
}

function announce(settings: PartSettings): Endpoints {
  ensureCredentials(settings.dataDir);
  return writeEndpoints({
    dataDir: settings.dataDir,
    ports: settings.ports,
    temporal: settings.externalTemporal ?? { address: `${settings.config.ip}:${settings.ports.temporal}`, namespace: settings.config.namespace.name },
    ownServer: settings.externalTemporal === undefined,
    storeUrl: settings.storeUrl,
    tryton: settings.tryton,
    sandboxes: settings.sandboxes,
    console: consoleExists,
  });
}

function printAddresses(endpoints: Endpoints, dataDir: string): void {
  const rows: [string, string | undefined][] = [
    ['Temporal UI', endpoints.ui?.url],
    ['Temporal', `${endpoints.temporal.address}, namespace ${endpoints.temporal.namespace}`],
    ['Gateway', endpoints.gateway.url],
    ['Console', endpoints.console?.url],
    ...Object.entries(endpoints.sandbox).map(([system, { url }]): [string, string] => [`${system} ${system === 'tryton' ? 'server' : 'sandbox'}`, url]),
    ['All, with logins', endpointsFile(dataDir)],
  ];
  for (const [name, value] of rows) if (value !== undefined) tell(`  ${name.padEnd(19)} ${value}`);
}

/** Small with Tryton, which takes some lines a second. @throws Error for a number that is none */
function monthTerms({ consultants, seed }: { readonly consultants?: string; readonly seed?: string }, tryton: boolean): { readonly consultants: number; readonly seed: number } {
  return { consultants: wholeNumber('--consultants', consultants, tryton ? 40 : 4000), seed: wholeNumber('--seed', seed, 1) };
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} takes a whole number from 1 on, not "${String(text)}".`);
  return value;
}

async function runMonth(endpoints: Endpoints, terms: { readonly consultants: number; readonly seed: number }, { tryton, overlays }: PartSettings): Promise<{ ok: boolean; message?: string }> {
  try {
    return await runMonthEnd({ endpoints, terms, overlays, erp: tryton ? 'tryton' : undefined, seedTryton: (roster) => seedTryton(endpoints, roster) });
  } catch (error) {
    return { ok: false, message: `The month could not be brought to its end: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` };
  }
}

const trytonLogin = z.object({ url: z.string(), database: z.string(), user: z.string(), password: z.string() });

async function seedTryton({ sandbox }: Endpoints, { people, worksFor, projects }: ErpRoster): Promise<void> {
  const login = trytonLogin.parse({ url: sandbox['tryton']?.url, ...sandbox['tryton']?.credentials });
  const loaded = await loadFirmConfig(join(projectFolder, 'config'), { overlays: ['month-end', 'tryton'] });
  if (!loaded.ok) throw new Error(`The configuration has ${loaded.mistakes.length} mistakes; npm run q2c -- config check lists them`);
  const { config } = loaded;
  // Some of the month's mistakes are people and projects of legal entities that nobody has: no ERP knows them.
  const known = (legalEntity: string) => config.legalEntities.some(({ code }) => code === legalEntity);
  await prepareTrytonForTime(login, {
    people: people.flatMap(({ email }) => [...(worksFor.get(email) ?? [])].filter(known).map((legalEntity) => ({ email, name: email.split('@', 1)[0] ?? email, legalEntity }))),
    projects: projects.filter(({ legalEntity }) => known(legalEntity)).map(({ number, legalEntity }) => ({ number, name: number, legalEntity })),
  });
}

async function runStory(context: StoryContext): Promise<{ ok: boolean; message?: string }> {
  const file = join(projectFolder, 'starters', 'story', 'main.ts');
  if (!existsSync(file)) return { ok: false, message: 'There is no sample story (starters/story/main.ts) to run.' };
  try {
    const loaded: unknown = await import(pathToFileURL(file).href);
    return { ok: storyResult.parse(await storyModule.parse(loaded).runStory(context)).ok };
  } catch (error) {
    return { ok: false, message: `The sample story could not be told: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` };
  }
}

/** The first Ctrl-C (or SIGTERM) stops in order; a second one ends at once. */
function stopSignal(): { signal: AbortSignal; promise: Promise<void>; code: () => number } {
  const controller = new AbortController();
  const asked = Promise.withResolvers<void>();
  let code = 1;
  for (const [signal, number] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(number);
      code = number;
      controller.abort();
      asked.resolve();
    });
  }
  return { signal: controller.signal, promise: asked.promise, code: () => code };
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
