import { sql } from 'kysely';
import type { Db } from '../database.ts';

export interface TimeHealth {
  /** Pages that are ready and have no process yet. */
  readonly ready: number;
  /** Seconds since the oldest of them became ready; 0 where there is none. */
  readonly oldestReadySeconds: number;
  /** Seconds since a page was started last; null where none ever was. */
  readonly lastStartedSeconds: number | null;
  /** Labor lines whose write is in doubt for longer than asked for, by ERP. */
  readonly inDoubt: readonly { readonly system: string; readonly lines: number }[];
}

export async function timeHealth(db: Db, { inDoubtMinutes }: { readonly inDoubtMinutes: number }): Promise<TimeHealth> {
  const { rows: [pages] } = await sql<Omit<TimeHealth, 'inDoubt'>>`
    select count(*) filter (where state = 'ready')::integer as ready,
      coalesce(extract(epoch from now() - min(ready_at) filter (where state = 'ready')), 0)::float8 as "oldestReadySeconds",
      extract(epoch from now() - max(started_at))::float8 as "lastStartedSeconds"
    from time_page`.execute(db);
  const { rows: inDoubt } = await sql<{ system: string; lines: number }>`
    select system, count(*)::integer as lines from labor_posting
    where state = 'in_doubt' and planned_at < now() - ${inDoubtMinutes}::double precision * interval '1 minute' group by system order by system`.execute(db);
  return { ready: 0, oldestReadySeconds: 0, lastStartedSeconds: null, ...pages, inDoubt };
}
