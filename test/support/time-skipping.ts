import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { loadTemporalConfig } from '../../scripts/temporal-server/config.ts';
import { timeSkippingServerPath } from '../../scripts/temporal-server/time-skipping.ts';
import { quietRuntime } from './temporal.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;
const VALUE_TYPE = {
  Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  KeywordList: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
  Text: IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
  Int: IndexedValueType.INDEXED_VALUE_TYPE_INT,
  Double: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
  Bool: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
  Datetime: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
} as const;

/** A server that skips the time in which nothing happens, with our search attributes. Undefined, with the reason printed, where it cannot be had. */
export async function timeSkippingServer(): Promise<TestWorkflowEnvironment | undefined> {
  const path = await timeSkippingServerPath();
  if (path === undefined) return undefined;
  quietRuntime();
  const environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
  const { searchAttributes } = loadTemporalConfig();
  await environment.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes: Object.fromEntries(Object.entries(searchAttributes).map(([name, type]) => [name, VALUE_TYPE[type]])) });
  return environment;
}
