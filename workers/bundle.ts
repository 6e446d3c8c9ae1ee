import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { z } from 'zod';

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const bundleSchema = z.object({ code: z.string(), sourceMap: z.string() });

export interface BundleSettings {
  /** With what carries a trace through them. */
  readonly traced: boolean;
}

export async function bundleWorkflows({ traced }: BundleSettings = { traced: false }): Promise<WorkflowBundleWithSourceMap> {
  return await bundleWorkflowCode({ workflowsPath: fileOf('../workflows/all.ts'), workflowInterceptorModules: traced ? [fileOf('../workflows/traced.ts')] : [], logger: quiet });
}

/**
 * The same in a process of its own, which takes what the bundler needed back with it (some 150 MB that a worker would hold for good).
 * @throws Error with what the bundler said
 */
export async function bundleWorkflowsApart({ traced }: BundleSettings = { traced: false }): Promise<WorkflowBundleWithSourceMap> {
  const child = spawn(process.execPath, [fileOf('bundle-main.ts'), ...(traced ? ['--traced'] : [])], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [written, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (child.exitCode !== 0) throw new Error(`the workflows could not be bundled:\n${complaints}`);
  return bundleSchema.parse(JSON.parse(written));
}

function fileOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
