import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const endpointSchema = z.looseObject({ url: z.string().optional() });
export const endpointsSchema = z.looseObject({
  temporal: z.looseObject({ address: z.string(), namespace: z.string() }).optional(),
  ui: endpointSchema.optional(),
  gateway: endpointSchema.optional(),
  console: endpointSchema.optional(),
  worker: endpointSchema.optional(),
  store: endpointSchema.optional(),
  sandbox: z.record(z.string(), endpointSchema).default({}),
});
export type Endpoints = z.infer<typeof endpointsSchema>;

/** The addresses `npm start` wrote down; empty where nothing has been started here. */
export async function readEndpoints(dataDir: string): Promise<Endpoints> {
  try {
    return endpointsSchema.parse(JSON.parse(await readFile(process.env['Q2C_ENDPOINTS'] ?? join(dataDir, 'endpoints.json'), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { sandbox: {} };
    throw error;
  }
}

/**
 * The address of a system: as configured, or what `endpoint:sandbox.<name>` stands for.
 * @throws Error naming the endpoint that is not known
 */
export function resolveAddress(address: string, endpoints: Endpoints): string {
  const name = /^endpoint:sandbox\.(.+)$/.exec(address)?.[1];
  if (name === undefined) return address;
  const url = endpoints.sandbox[name]?.url;
  if (url === undefined) throw new Error(`${address} is not in .data/endpoints.json: start it with npm start, or give the system's own address in config/systems.yaml`);
  return url;
}
