import type { z } from 'zod';
import { clockifyOptionsSchema } from './clockify/options.ts';
import { dynamicsOptionsSchema } from './dynamics/options.ts';
import { harvestOptionsSchema } from './harvest/options.ts';
import { hubspotOptionsSchema } from './hubspot/options.ts';
import { legacyFileOptionsSchema } from './legacy-file/options.ts';
import { netSuiteOptionsSchema } from './netsuite/options.ts';
import { oracleOptionsSchema } from './oracle/options.ts';
import { payrollFileOptionsSchema } from './payroll-file/options.ts';
import { projectOperationsOptionsSchema } from './project-operations/options.ts';
import { salesforceOptionsSchema } from './salesforce/options.ts';
import { trytonOptionsSchema } from './tryton/options.ts';
import { snowflakeOptionsSchema } from './snowflake/options.ts';
import { warehousePostgresOptionsSchema } from './warehouse-postgres/options.ts';
import { jiraOptionsSchema } from './jira/options.ts';
import { scimOptionsSchema } from './scim/options.ts';
import { sapOptionsSchema } from './sap/options.ts';
import { kantataOptionsSchema } from './kantata/options.ts';
import { lagoOptionsSchema } from './lago/options.ts';
import { stripeOptionsSchema } from './stripe/options.ts';
import { gustoOptionsSchema } from './gusto/options.ts';

/** What each product's connector takes as `options` in config/systems.yaml. */
export const connectorOptionSchemas: Readonly<Record<string, z.ZodType>> = {
  salesforce: salesforceOptionsSchema,
  hubspot: hubspotOptionsSchema,
  netsuite: netSuiteOptionsSchema,
  tryton: trytonOptionsSchema,
  dynamics: dynamicsOptionsSchema,
  project_operations: projectOperationsOptionsSchema,
  clockify: clockifyOptionsSchema,
  harvest: harvestOptionsSchema,
  harvest_assignments: harvestOptionsSchema,
  payroll_file: payrollFileOptionsSchema,
  snowflake: snowflakeOptionsSchema,
  warehouse_postgres: warehousePostgresOptionsSchema,
  scim: scimOptionsSchema,
  jira: jiraOptionsSchema,
  oracle: oracleOptionsSchema,
  sap: sapOptionsSchema,
  kantata: kantataOptionsSchema,
  kantata_resources: kantataOptionsSchema,
  legacy_file: legacyFileOptionsSchema,
  stripe: stripeOptionsSchema,
  lago: lagoOptionsSchema,
  gusto: gustoOptionsSchema,
};
