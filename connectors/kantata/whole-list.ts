import { z } from 'zod';
import type { About, Kantata } from './client.ts';
import { idText, type Answered } from './envelope.ts';

export const anyRow = z.looseObject({ id: idText });
export type AnyRow = z.infer<typeof anyRow>;

const MOST_PASSES = 5;

/**
 * Every object of a list of what changed, in no order. The list has no order by change and none among equals, and grows while it is read: it is read again
 * until as many different ones were seen as it says it has. None leaves it meanwhile, since a change is always later.
 * @param read what is wanted of one answer
 * @throws SystemFailure, of kind transient where it changes faster than it can be read
 */
export async function wholeList<Item extends { readonly id: string }>(
  kantata: Kantata, path: string, query: Readonly<Record<string, string>>, pageSize: number, about: About, read: (answer: Answered<AnyRow>) => readonly Item[],
): Promise<Item[]> {
  const found = new Map<string, Item>();
  for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
    let count = 0;
    for await (const { answer } of kantata.pages(path, anyRow, about, query, pageSize)) {
      for (const item of read(answer)) found.set(item.id, item);
      count = answer.count;
      if (answer.rows.length === 0) break;
    }
    if (found.size >= count) return [...found.values()];
  }
  throw kantata.failure(about, { kind: 'transient', code: 'KANTATA_LIST_CHANGING', message: `What changed among Kantata's ${path.slice(1).replaceAll('_', ' ')} changed faster than it could be read.`, mend: 'Nothing to do: it is tried again by itself.' });
}
