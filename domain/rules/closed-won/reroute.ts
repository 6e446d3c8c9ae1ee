import type { FirmConfig } from '../../config/schema.ts';

/** The configuration as a person's decisions change it for one deal: work meant for one system goes to another of the same kind. */
export function rerouted(config: FirmConfig, reroutes: readonly { readonly from: string; readonly to: string }[]): FirmConfig {
  if (reroutes.length === 0) return config;
  const kindOf = new Map(config.systems.map((system) => [system.id, system.kind]));
  const instead = (system: string): string => reroutes.reduce((current, { from, to }) => (current === from && kindOf.get(from) === kindOf.get(to) ? to : current), system);
  const insteadOrNone = (system: string | null): string | null => (system === null ? null : instead(system));
  return {
    ...config,
    routing: config.routing.map((route) => ({ ...route, erp: instead(route.erp), time: instead(route.time), resources: insteadOrNone(route.resources), reporting: insteadOrNone(route.reporting) })),
  };
}
