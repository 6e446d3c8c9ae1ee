import pg from 'pg';
import { z } from 'zod';
import type { Installation } from './installation.ts';

export interface Costs {
  /** HTTP requests per deal by system, method and path, the most frequent first. */
  readonly requests: readonly (readonly [what: string, perDeal: number])[];
  readonly transactionsPerDeal: number;
}

const requestsSchema = z.array(z.object({ at: z.string(), method: z.string(), url: z.string(), status: z.number() }));

/** What a few deals asked of the systems and the store. The sandboxes keep their last 1,000 requests, so the deals must be few. */
export async function costsOf(installation: Installation, deals: number, carry: () => Promise<void>): Promise<Costs> {
  const since = new Date().toISOString();
  const before = await transactions(installation.storeUrl);
  await carry();
  const after = await transactions(installation.storeUrl);
  const counted = new Map<string, number>();
  for (const [system, url] of Object.entries(installation.sandboxUrls)) {
    const log = requestsSchema.parse(await (await fetch(`${url}/__admin/requests`)).json());
    for (const request of log.filter(({ at, url: path }) => at >= since && !path.startsWith('/__admin'))) {
      const what = `${system} ${request.method} ${shape(request.url)} ${request.status}`;
      counted.set(what, (counted.get(what) ?? 0) + 1);
    }
  }
  return {
    requests: [...counted].sort(([, left], [, right]) => right - left).map(([what, count]) => [what, count / deals] as const),
    transactionsPerDeal: (after - before) / deals,
  };
}

/** An address without what differs from deal to deal. */
function shape(url: string): string {
  const [path = '', query = ''] = url.split('?');
  const names = query === '' ? '' : `?${[...new URLSearchParams(query).keys()].join('&')}`;
  return path.replaceAll(/eid:[\w-]+/g, 'eid:…').replaceAll(/\/\d+(?=\/|$)/g, '/…').replaceAll(/\/[0-9A-Za-z]{18}(?=\/|$)/g, '/…') + names;
}

/** Committed so far in the store's database: the statistics are a second behind. */
async function transactions(url: string): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>('select xact_commit as count from pg_stat_database where datname = current_database()');
    return Number(rows[0]?.count ?? 0);
  } finally {
    await client.end();
  }
}
