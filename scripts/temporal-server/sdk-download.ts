import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { isExecutable, lastLines, runCommand, type Environment } from '../commands.ts';

export interface DownloadRequest {
  readonly what: 'dev-server' | 'time-skipping';
  /** A release such as v1.5.1, or "default" for the one that fits the SDK. */
  readonly version: string;
  readonly folder: string;
  readonly timeoutMs: number;
  readonly environment: Environment;
}

export type DownloadOutcome = { readonly kind: 'found'; readonly path: string } | { readonly kind: 'failed'; readonly why: string };
export type Download = (request: DownloadRequest) => Promise<DownloadOutcome>;

/**
 * Lets the Temporal SDK download one of its servers into a folder. The SDK gives no way to stop a download, so it is done in a
 * process of its own that is ended after `timeoutMs`.
 */
export async function downloadBySdk(request: DownloadRequest): Promise<DownloadOutcome> {
  const result = await runCommand(process.execPath, [import.meta.filename, request.what, request.version, request.folder], {
    environment: request.environment,
    timeoutMs: request.timeoutMs,
  });
  const path = readdirSync(request.folder).map((name) => join(request.folder, name)).find(isExecutable);
  if (path !== undefined && result.code === 0) return { kind: 'found', path };
  return { kind: 'failed', why: result.output === '' ? 'gave no program' : lastLines(result.output, 2) };
}

/** The SDK downloads as a part of starting a server, so one is started and stopped. */
async function downloadHere(what: string, version: string, folder: string): Promise<void> {
  const executable = { type: 'cached-download', version, downloadDir: folder, ttl: '3650d' } as const;
  const environment =
    what === 'dev-server'
      ? await TestWorkflowEnvironment.createLocal({ server: { executable } })
      : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  await environment.teardown();
}

if (import.meta.main) {
  const [what = 'dev-server', version = 'default', folder = '.'] = process.argv.slice(2);
  try {
    await downloadHere(what, version, folder);
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
