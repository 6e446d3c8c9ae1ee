import { z } from 'zod';
import { hubspotOptionsSchema } from '../../connectors/hubspot/options.ts';
import { activeConfig, activeConfigHash } from '../../store/config-versions.ts';
import type { Db } from '../../store/database.ts';

const HUBSPOT = 'hubspot';

const stageChangeSchema = z.looseObject({ propertyName: z.literal('dealstage'), propertyValue: z.string() });
/** The sweep asks HubSpot for won deals only. */
const foundBySweep = z.looseObject({ sweep: z.literal(true) });
const systemsSchema = z.looseObject({ systems: z.array(z.looseObject({ id: z.string(), product: z.string(), options: z.record(z.string(), z.unknown()).default({}) })) });

/**
 * Whether an event says that its deal is won, by the stages of the configuration in force (HubSpot's own where it names none). Only HubSpot's
 * events tell of other changes too: any other system's is taken for one of a won deal.
 * The answer throws where HubSpot's options in the configuration are wrong.
 */
export function hubspotWonStages(db: Db): (event: { readonly source: string; readonly payload: unknown }) => Promise<boolean> {
  let known: { readonly hash: string | undefined; readonly stages: readonly string[] } | undefined;
  return async ({ source, payload }) => {
    if (source !== HUBSPOT || foundBySweep.safeParse(payload).success) return true;
    const change = stageChangeSchema.safeParse(payload);
    if (!change.success) return false;
    const hash = await activeConfigHash(db);
    if (known === undefined || known.hash !== hash) {
      const active = await activeConfig(db);
      known = { hash: active?.hash, stages: configuredStages(active?.document) };
    }
    return known.stages.includes(change.data.propertyValue);
  };
}

function configuredStages(document: unknown): readonly string[] {
  const config = systemsSchema.safeParse(document);
  const hubspot = config.success ? config.data.systems.find(({ id, product }) => id === HUBSPOT && product === HUBSPOT) : undefined;
  const options = hubspotOptionsSchema.safeParse(hubspot?.options ?? {});
  if (options.success) return options.data.closedWonStages;
  throw new Error(`the options of ${HUBSPOT} in the active configuration are wrong, mend config/systems.yaml and activate it: ${z.prettifyError(options.error)}`);
}
