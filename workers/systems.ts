import { createInboxCrm } from '../activities/inbox-crm.ts';
import type { Systems } from '../activities/dependencies.ts';
import { resolveAddress, type Endpoints } from '../connectors/addresses.ts';
import type { ConnectorSettings } from '../connectors/connector.ts';
import { createClockify } from '../connectors/clockify/index.ts';
import { createDynamics } from '../connectors/dynamics/index.ts';
import { createGusto } from '../connectors/gusto/index.ts';
import { createHarvest, createHarvestAssignments } from '../connectors/harvest/index.ts';
import { createHubSpot } from '../connectors/hubspot/index.ts';
import { createKantata, createKantataResources } from '../connectors/kantata/index.ts';
import { createLegacyFile } from '../connectors/legacy-file/index.ts';
import { createNetSuite } from '../connectors/netsuite/index.ts';
import { createOracle } from '../connectors/oracle/index.ts';
import { createPayrollFile } from '../connectors/payroll-file/index.ts';
import { createProjectOperations } from '../connectors/project-operations/index.ts';
import { createLago } from '../connectors/lago/index.ts';
import { createStripe } from '../connectors/stripe/index.ts';
import { createJira } from '../connectors/jira/index.ts';
import { createScim } from '../connectors/scim/index.ts';
import type { Log, SystemPort } from '../connectors/ports.ts';
import { createSalesforce } from '../connectors/salesforce/index.ts';
import type { Secrets } from '../connectors/secrets.ts';
import { createSnowflake } from '../connectors/snowflake/index.ts';
import { createTryton } from '../connectors/tryton/index.ts';
import { createWarehousePostgres } from '../connectors/warehouse-postgres/index.ts';
import { createSap } from '../connectors/sap/index.ts';
import type { FirmConfig, SystemConfig } from '../domain/config/schema.ts';
import { SystemFailure } from '../domain/failure.ts';
import type { Store } from '../store/database.ts';

export interface SystemsSettings {
  readonly store: Store;
  readonly log: Log;
  readonly secrets: () => Promise<Secrets>;
  readonly endpoints: () => Promise<Endpoints>;
}

const CONNECTORS: Readonly<Record<Exclude<SystemConfig['product'], 'canonical' | 'warehouse'>, (settings: ConnectorSettings) => SystemPort>> = {
  salesforce: createSalesforce,
  hubspot: createHubSpot,
  netsuite: createNetSuite,
  tryton: createTryton,
  dynamics: createDynamics,
  project_operations: createProjectOperations,
  harvest: createHarvest,
  harvest_assignments: createHarvestAssignments,
  payroll_file: createPayrollFile,
  clockify: createClockify,
  snowflake: createSnowflake,
  warehouse_postgres: createWarehousePostgres,
  scim: createScim,
  jira: createJira,
  oracle: createOracle,
  sap: createSap,
  kantata: createKantata,
  kantata_resources: createKantataResources,
  legacy_file: createLegacyFile,
  stripe: createStripe,
  lago: createLago,
  gusto: createGusto,
};

/**
 * The connectors of the configured systems, made anew when the configuration or the credentials change. A system that cannot be made (an unknown
 * address, credentials of the wrong shape) does not stop the others: each use of it fails as a configuration failure, which waits for its owner.
 */
export async function createSystems(config: FirmConfig, settings: SystemsSettings): Promise<Systems> {
  const secrets = await settings.secrets();
  const endpoints = await settings.endpoints();
  const ports = new Map<string, SystemPort | SystemFailure>();
  for (const system of config.systems) {
    if (system.product === 'warehouse') continue;
    try {
      ports.set(system.id, system.product === 'canonical' ? createInboxCrm(settings.store, system.id) : CONNECTORS[system.product]({
        system: system.id,
        baseUrl: resolveAddress(system.address, endpoints),
        credentials: system.credentials === null ? undefined : secrets[system.credentials],
        limits: system.limits,
        options: system.options,
        log: settings.log,
      }));
    } catch (error) {
      ports.set(system.id, notConfigured(system.id, error instanceof Error ? error.message : String(error)));
    }
  }

  function port<Kind extends SystemPort['kind']>(id: string, kind: Kind): Extract<SystemPort, { kind: Kind }> {
    const found = ports.get(id) ?? notConfigured(id, 'config/systems.yaml has no such system.');
    if (found instanceof SystemFailure) throw found;
    if (!isOfKind(found, kind)) throw notConfigured(id, `it is of kind ${found.kind}, but is used as ${kind}.`);
    return found;
  }

  return {
    crm: (id) => port(id, 'crm'),
    erp: (id) => port(id, 'erp'),
    time: (id) => port(id, 'time'),
    resources: (id) => port(id, 'resources'),
    payroll: (id) => port(id, 'payroll'),
    billing: (id) => port(id, 'billing'),
    hr: (id) => port(id, 'hr'),
    warehouse: (id) => port(id, 'warehouse'),
    serviceDesk: (id) => port(id, 'service_desk'),
  };
}

function isOfKind<Kind extends SystemPort['kind']>(port: SystemPort, kind: Kind): port is Extract<SystemPort, { kind: Kind }> {
  return port.kind === kind;
}

function notConfigured(system: string, why: string): SystemFailure {
  return new SystemFailure({ kind: 'configuration', code: 'SYSTEM_NOT_CONFIGURED', message: `system ${system} cannot be used: ${why}`, mend: 'Correct config/systems.yaml or its credentials and activate the configuration.', system, object: `system ${system}`, written: 'no' });
}
