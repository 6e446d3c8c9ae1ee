import { connectorFiles } from './connector-files.ts';
import type { NewConnector } from './names.ts';
import { sandboxFiles } from './sandbox-files.ts';
import { testFiles } from './test-files.ts';

/** The files of a new connector, by their path in the project. */
export function filesOf(connector: NewConnector): ReadonlyMap<string, string> {
  return new Map([...connectorFiles(connector), ...sandboxFiles(connector), ...testFiles(connector)]);
}
