import { z } from 'zod';
import { activeConfig } from '../../store/config-versions.ts';
import type { Db } from '../../store/database.ts';

const systemsSchema = z.looseObject({ systems: z.array(z.looseObject({ id: z.string(), kind: z.string() })) });

/** The time systems of the configuration in force; none where nothing is active yet. */
export async function timeSystems(db: Db): Promise<readonly string[]> {
  return await systemsOfKind(db, 'time');
}

/** The warehouses that get the reporting facts; none where nothing is active yet. */
export async function mirroredWarehouses(db: Db): Promise<readonly string[]> {
  return await systemsOfKind(db, 'warehouse');
}

/** The HR systems that people are taken over from. */
export async function hrSystems(db: Db): Promise<readonly string[]> {
  return await systemsOfKind(db, 'hr');
}

/** The service desks that show exception cases as tickets. */
export async function serviceDesks(db: Db): Promise<readonly string[]> {
  return await systemsOfKind(db, 'service_desk');
}

async function systemsOfKind(db: Db, kind: string): Promise<readonly string[]> {
  const config = systemsSchema.safeParse((await activeConfig(db))?.document);
  return config.success ? config.data.systems.filter((system) => system.kind === kind).map(({ id }) => id) : [];
}
