import { z } from 'zod';
import type { UsageEvent } from '../billing-port.ts';
import type { CallContext } from '../ports.ts';
import { refusalBody } from './classify.ts';
import type { About, Lago } from './client.ts';
import type { LagoOptions } from './options.ts';

/** Events in one request. https://getlago.com/docs/api-reference/events/batch */
const MOST_EVENTS = 100;
const done = z.object({ events: z.array(z.unknown()) }).transform(() => null);
const refusal = refusalBody.extend({ status: z.literal(422), error_details: z.record(z.string(), z.unknown()) }).transform(({ error_details }) => error_details);
const taken = z.record(z.string(), z.array(z.string())).refine((fields) => Object.keys(fields).length === 1 && fields['transaction_id']?.includes('value_already_exist') === true);

/** Usage as events: `subscription` is the subscription's external ID, `metric` the code of the billable metric. A key that Lago has is done. */
export function createUsage(lago: Lago, options: LagoOptions) {
  return async (events: readonly UsageEvent[], context: CallContext): Promise<void> => {
    const about: About = { object: `${events.length} usage events`, context };
    const bodyOf = (event: UsageEvent) => ({ transaction_id: event.key, external_subscription_id: event.subscription, code: event.metric, timestamp: (Date.parse(event.at) / 1000).toFixed(3), properties: { [options.usageProperty]: event.quantity } });
    for (let at = 0; at < events.length; at += MOST_EVENTS) {
      let batch = events.slice(at, at + MOST_EVENTS);
      while (batch.length > 0) {
        const refused = await lago.send('POST', '/events/batch', { events: batch.map(bodyOf) }, z.union([done, refusal]), about, [422]);
        if (refused === null) break;
        // A batch is taken wholly or not at all: what is there already is left out, and the rest sent again.
        const left = batch.filter((_event, index) => !taken.safeParse(refused[String(index)]).success);
        if (left.length === batch.length) {
          throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_USAGE_REFUSED', message: `Lago refuses usage: ${JSON.stringify(refused).slice(0, 500)}`, mend: 'Check the subscription and the billable metric in Lago, then retry.' });
        }
        batch = left;
      }
    }
  };
}
