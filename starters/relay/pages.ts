import { setTimeout as delay } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { LocalDate } from '../../domain/dates.ts';
import { inSpan } from '../../connectors/http/tracing.ts';
import type { Store } from '../../store/database.ts';
import { deadlinesAhead } from '../../store/time/deadlines.ts';
import { sealStale } from '../../store/time/intake.ts';
import { claimPages, finishDecidedPages, firstWeeks, listenPages, longRunningPages, pageDone, pageStarted, runningPages, SMALL_PAGE, stalledPages, type PageKey, type ReadyPage } from '../../store/time/pages.ts';
import { choosePages, entityDeadlines, weigh, type Waiting, type Weight } from './page-order.ts';
import { startPage } from './start-page.ts';

export interface PageDispatchSettings {
  readonly store: Store;
  readonly client: Client;
  readonly log: Logger;
  /** Large pages that run at once, over all legal entities; of one at most a quarter of them, and no more than its equal share beside the others. */
  readonly maxRunning?: number;
  /** Pages of some records that run at once, likewise. */
  readonly maxSmallRunning?: number;
  /** A page whose ERPs have taken nothing for so long gives its place to another. */
  readonly silentErpMs?: number;
  /** A batch that nobody touched for so long is sealed. */
  readonly staleBatchMs?: number;
  readonly now?: () => Date;
}

const DEFAULT_RUNNING = 8;
const DEFAULT_SMALL_RUNNING = 48;
/** Single records come by event: they never wait behind pages, and have a bound of their own. */
const SINGLES_RUNNING = 100;
const LOOK_AHEAD_PER_ENTITY = 400;
/** A legal entity that had a page so lately has its share kept. */
const ACTIVE_MS = 10_000;
const IDLE_MS = 1000;
/** What becomes ready within so short a time is looked at together. */
const GATHER_MS = 25;
const TIDY_MS = 5000;
const STALE_BATCH_MS = 120_000;
/** A page that takes longer waits for a system or a person; its place is given to another. */
const PARKED_AFTER_MS = 300_000;
const SINGLE_PARKED_AFTER_MS = 15_000;
const SILENT_ERP_MS = 30_000;
/** How often it is asked which pages only wait, while others want their places. */
const STALLED_EVERY_MS = 5000;
/** And no more often than takes a twentieth of the time, where many wait. */
const STALLED_COST = 20;
const LOOK_AGAIN_MS = 600_000;
const CALL_MS = 10_000;
const STOP_MS = 2000;
const MAX_BACKOFF_MS = 15_000;

type Weighed = ReadyPage & Waiting & Weight;

/**
 * Starts the processes of pages that are ready, the most urgent first and legal entities in turn, with a bound on how many run. A crash
 * between a start and its mark is harmless, since a second start joins the first. Any number of dispatchers may run.
 */
export function startPageDispatch(settings: PageDispatchSettings): { stop(): Promise<void> } {
  const { store, client, log, maxRunning = DEFAULT_RUNNING, maxSmallRunning = DEFAULT_SMALL_RUNNING, silentErpMs = SILENT_ERP_MS, staleBatchMs = STALE_BATCH_MS, now = () => new Date() } = settings;
  const cut = new AbortController();
  const weeks = new Map<string, LocalDate | null>();
  const looked = new Map<string, number>();
  const active = new Map<string, number>();
  let stopping = false;
  let woken = false;
  let failures = 0;
  let wake: (() => void) | undefined;
  const onWake = () => {
    woken = true;
    wake?.();
  };
  const listening = listenPages(store.url, onWake).catch((error: unknown) => {
    log.warn({ error: wordsOf(error) }, 'not told of new pages; looked for each second instead');
    return { close: async () => undefined };
  });

  async function weighed(pages: readonly ReadyPage[]): Promise<Weighed[]> {
    const unknown = pages.filter((page) => !weeks.has(nameOf(page)));
    const found = await firstWeeks(store.db, unknown);
    unknown.forEach((page, index) => weeks.set(nameOf(page), found[index] ?? null));
    const at = now();
    const deadlinesOf = entityDeadlines(await deadlinesAhead(store.db, at));
    return pages.map((page) => {
      const waiting = { ...page, firstWeek: weeks.get(nameOf(page)) ?? null };
      return { ...waiting, ...weigh(waiting, deadlinesOf(page.legalEntity), at) };
    });
  }

  async function choose(): Promise<Weighed[]> {
    const ready = await claimPages(store.db, { perEntity: LOOK_AHEAD_PER_ENTITY });
    if (ready.length === 0) {
      weeks.clear();
      return [];
    }
    const running = await runningPages(store.db, { bulkMs: PARKED_AFTER_MS, singleMs: SINGLE_PARKED_AFTER_MS, except: await stalled() });
    const pages = await weighed(ready);
    const entities = countActive([...ready, ...running]);
    const isSingle = ({ records }: ReadyPage) => records === 1;
    const isSmall = ({ records }: ReadyPage) => records > 1 && records <= SMALL_PAGE;
    const isLarge = ({ records }: ReadyPage) => records > SMALL_PAGE;
    const loadOf = (count: (row: (typeof running)[number]) => number) => new Map(running.map((row) => [row.legalEntity, count(row)]));
    const sum = (load: ReadonlyMap<string, number>) => [...load.values()].reduce((total, count) => total + count, 0);
    const room = (running: ReadonlyMap<string, number>, most: number, share: number) => ({ free: most - sum(running), perEntity: Math.max(1, Math.ceil(most / share)), perEntityNearCutoff: Math.max(1, Math.ceil((most * 3) / 4)), running });
    const large = room(loadOf((row) => row.bulk), maxRunning, 4);
    return [
      ...choosePages(pages.filter(isSingle), room(loadOf((row) => row.single), SINGLES_RUNNING, 2)),
      ...choosePages(pages.filter(isSmall), room(loadOf((row) => row.small), maxSmallRunning, 4)),
      ...choosePages(pages.filter(isLarge), { ...large, perEntity: Math.max(1, Math.min(large.perEntity, Math.floor(maxRunning / entities))) }),
    ];
  }

  let stalledKnown: { readonly askAgainAt: number; readonly pages: readonly PageKey[] } = { askAgainAt: 0, pages: [] };
  async function stalled(): Promise<readonly PageKey[]> {
    const askedAt = Date.now();
    if (askedAt < stalledKnown.askAgainAt) return stalledKnown.pages;
    const pages = await stalledPages(store.db, { silentMs: silentErpMs, parkedMs: PARKED_AFTER_MS });
    if (pages.length > stalledKnown.pages.length) log.warn({ pages: pages.length }, 'pages wait for ERPs that take nothing; their places go to others meanwhile');
    stalledKnown = { askAgainAt: Date.now() + Math.max(Math.min(STALLED_EVERY_MS, silentErpMs), STALLED_COST * (Date.now() - askedAt)), pages };
    return pages;
  }

  function countActive(pages: readonly { readonly legalEntity: string }[]): number {
    for (const { legalEntity } of pages) active.set(legalEntity, Date.now());
    for (const [legalEntity, seenAt] of active) if (seenAt < Date.now() - ACTIVE_MS) active.delete(legalEntity);
    return Math.max(1, active.size);
  }

  async function begin(page: ReadyPage, weight: Weight): Promise<boolean> {
    try {
      const state = await inSpan(
        { name: 'dispatch page', kind: SpanKind.CONSUMER, attributes: { 'q2c.object': `page ${nameOf(page)}` }, continues: page.trace === null ? {} : { traceparent: page.trace } },
        () => client.withAbortSignal(cut.signal, () => client.withDeadline(Date.now() + CALL_MS, () => startPage(client, store.db, page, weight))),
      );
      if (state === 'ended') await pageDone(store.db, page, { endedBefore: true });
      else await pageStarted(store.db, page, weight);
      weeks.delete(nameOf(page));
      log.debug({ page: nameOf(page), legalEntity: page.legalEntity, records: page.records, ...weight, state }, 'page started');
      return true;
    } catch (error) {
      if (!cut.signal.aborted) log.error({ page: nameOf(page), legalEntity: page.legalEntity, error: wordsOf(error) }, 'a page could not be started; it stays ready');
      return false;
    }
  }

  /** A process that was terminated or failed leaves its page behind: starting it again joins one that runs. */
  async function lookAgain(): Promise<void> {
    const long = await longRunningPages(store.db, { olderThanMs: LOOK_AGAIN_MS, limit: 1000 });
    const due = long.filter((page) => (looked.get(nameOf(page)) ?? 0) < Date.now() - LOOK_AGAIN_MS).slice(0, 20);
    for (const page of due) {
      looked.set(nameOf(page), Date.now());
      await begin(page, { priority: 2, cutoffAt: null });
    }
    const open = new Set(long.map(nameOf));
    for (const name of looked.keys()) if (!open.has(name)) looked.delete(name);
  }

  let tidiedAt = 0;
  async function tidy(): Promise<void> {
    if (Date.now() - tidiedAt < TIDY_MS) return;
    tidiedAt = Date.now();
    await finishDecidedPages(store.db);
    const sealed = await sealStale(store.db, staleBatchMs);
    if (sealed.length > 0) log.warn({ batches: sealed }, 'batches whose sender went away are sealed as they are');
    await lookAgain();
  }

  async function run(): Promise<void> {
    while (!stopping) {
      woken = false;
      try {
        await tidy();
        const chosen = await choose();
        const began = await Promise.all(chosen.map((page) => begin(page, page)));
        failures = began.includes(false) ? failures + 1 : 0;
      } catch (error) {
        failures += 1;
        log.error({ error: wordsOf(error) }, 'pages could not be looked for; tried again in a moment');
      }
      await pause(failures === 0 ? IDLE_MS : Math.min(MAX_BACKOFF_MS, 500 * 2 ** Math.min(failures, 10)));
    }
  }

  /** Ends early when a page is ready or done, but not while Temporal or the store fails. */
  async function pause(ms: number): Promise<void> {
    if (stopping) return;
    if (woken && failures === 0) return await delay(GATHER_MS);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        if (failures > 0 && !stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
    wake = undefined;
  }

  const running = run();
  return {
    async stop() {
      stopping = true;
      cut.abort();
      wake?.();
      await Promise.race([running, delay(STOP_MS, undefined, { ref: false })]);
      await (await listening).close();
    },
  };
}

function nameOf({ batch, page }: { readonly batch: string; readonly page: number }): string {
  return `${batch}/${page}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
