import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { TemporalDevConfig } from './config.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;

/** What the operator service calls the types of temporal-dev.yaml. */
export const valueTypes = {
  Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  KeywordList: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
  Text: IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
  Int: IndexedValueType.INDEXED_VALUE_TYPE_INT,
  Double: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
  Bool: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
  Datetime: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
} as const;

/** Whether a Temporal server answers at this address for this namespace. */
export async function temporalAnswers(address: string, namespace: string): Promise<boolean> {
  const connection = Connection.lazy({ address, connectTimeout: '2s' });
  try {
    await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace }));
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

export interface NamespaceChanges {
  readonly added: readonly string[];
  readonly retentionDays: number | undefined;
}

/**
 * Brings the namespace of a running local server to what the configuration says: search attributes that were added since the
 * database was made (`start-dev` itself only registers them on a new one) and the retention.
 * @throws Error when an attribute exists with another type, or a new one does not become usable in time.
 */
export async function alignNamespace(address: string, config: TemporalDevConfig): Promise<NamespaceChanges> {
  const namespace = config.namespace.name;
  const connection = await Connection.connect({ address });
  try {
    const list = () => connection.operatorService.listSearchAttributes({ namespace });
    const existing = (await list()).customAttributes ?? {};
    const clashes = Object.entries(config.searchAttributes).filter(([name, type]) => existing[name] !== undefined && existing[name] !== valueTypes[type]);
    if (clashes.length > 0) {
      throw new Error(
        `temporal-dev.yaml gives ${clashes.map(([name, type]) => `search attribute ${name} the type ${type}`).join(' and ')}, but the database has another one. ` +
          `A type cannot change: choose another name, or delete the database file ${config.database.file} to start from nothing.`,
      );
    }
    const missing = Object.entries(config.searchAttributes).filter(([name]) => existing[name] === undefined);
    if (missing.length > 0) {
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, valueTypes[type]])) });
      await waitUntilListed(missing.map(([name]) => name), async () => Object.keys((await list()).customAttributes ?? {}));
    }
    return { added: missing.map(([name]) => name), retentionDays: await alignRetention(connection, namespace, config.namespace.retentionDays) };
  } finally {
    await connection.close();
  }
}

/** Search attributes of the configuration that a namespace of somebody else's server lacks. */
export async function missingSearchAttributes(connection: Connection, namespace: string, config: TemporalDevConfig): Promise<string[]> {
  const listed = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(config.searchAttributes).filter((name) => listed.customAttributes?.[name] === undefined);
}

async function alignRetention(connection: Connection, namespace: string, days: number): Promise<number | undefined> {
  const described = await connection.workflowService.describeNamespace({ namespace });
  const wanted = days * 86_400;
  if (Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0) === wanted) return undefined;
  await connection.workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: msToTs(wanted * 1000) } });
  return days;
}

async function waitUntilListed(names: readonly string[], list: () => Promise<string[]>): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const listed = await list();
    if (names.every((name) => listed.includes(name))) return;
    if (Date.now() > deadline) throw new Error(`The Temporal server did not take up the search attributes ${names.join(', ')} within 15 s; start it again`);
    await sleep(200);
  }
}
