import pg from 'pg';
import type { SeededDeal } from './deals.ts';
import type { Installation } from './installation.ts';
import { runLoad, type LoadResult } from './load.ts';

const CHANNEL = 'bench_activated';

export interface Line {
  carry(deals: readonly SeededDeal[], inFlight: number, limitMs: number): Promise<LoadResult>;
  close(): Promise<void>;
}

/** Sends deals to the gateway and hears of their end from the store itself, so that watching costs next to nothing. */
export async function connectLine({ storeUrl, gatewayUrl, webhookToken }: Installation): Promise<Line> {
  const watcher = new pg.Client({ connectionString: storeUrl, application_name: 'bench' });
  // Ended with the store on Ctrl-C; a loss in a measurement shows as deals that are never heard of.
  watcher.on('error', () => undefined);
  await watcher.connect();
  await watcher.query(`
    create or replace function bench_tell_activated() returns trigger language plpgsql as
      $$ begin perform pg_notify('${CHANNEL}', new.opportunity_id); return null; end $$;
    create or replace trigger bench_activated after insert or update of state on deal_process
      for each row when (new.state in ('activated', 'aborted', 'failed')) execute function bench_tell_activated();
    listen ${CHANNEL}`);
  const ended = new Map<string, () => void>();
  watcher.on('notification', ({ payload = '' }) => {
    ended.get(payload)?.();
    ended.delete(payload);
  });
  const webhook = `${gatewayUrl}/webhooks/salesforce?token=${encodeURIComponent(webhookToken)}`;

  return {
    carry: (deals, inFlight, limitMs) => runLoad(deals, inFlight, limitMs, async ({ opportunityId, notification }) => {
      const end = new Promise<void>((resolve) => ended.set(opportunityId, resolve));
      const answer = await fetch(webhook, { method: 'POST', headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '""' }, body: notification });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`the gateway answered ${answer.status}: ${text}`);
      await end;
    }),
    close: () => watcher.end(),
  };
}

/** Deals that did not end as activated. @throws where the store does not answer */
export async function notActivated(storeUrl: string, deals: readonly SeededDeal[]): Promise<number> {
  const client = new pg.Client({ connectionString: storeUrl, application_name: 'bench' });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from deal_process where state = 'activated' and opportunity_id = any($1)`, [deals.map((deal) => deal.opportunityId)]);
    return deals.length - (rows[0]?.count ?? 0);
  } finally {
    await client.end();
  }
}
