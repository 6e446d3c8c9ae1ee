import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isErrorWithCode, isRunning, processIdentitySchema, type ProcessIdentity } from './processes.ts';

export interface HeldLock {
  release(): void;
}

export type LockAttempt = { readonly kind: 'held'; readonly lock: HeldLock } | { readonly kind: 'taken'; readonly by: ProcessIdentity };

/**
 * Takes a lock file for this process. A file left by a process that has ended (by `kill -9`, say) does not count. The file
 * appears with its content in one step (link), so that nobody ever reads half of it.
 */
export function tryLock(path: string): LockAttempt {
  const own = identityOf(process.pid);
  if (own === undefined) throw new Error('The start time of this process cannot be read (is /proc mounted?)');
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        linkSync(draft, path);
        return { kind: 'held', lock: { release: () => releaseOwn(path, own) } };
      } catch (error) {
        if (!isErrorWithCode(error, 'EEXIST')) throw error;
      }
      const holder = holderOf(path);
      if (holder !== undefined && isRunning(holder)) return { kind: 'taken', by: holder };
      rmSync(path, { force: true });
    }
    throw new Error(`The lock file ${path} could not be taken; remove it if no other start is running`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Runs `work` while holding the lock, waiting for another process that has it; `onWait` is told once who that is. */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait: (by: ProcessIdentity) => void): Promise<T> {
  let told = false;
  for (;;) {
    const attempt = tryLock(path);
    if (attempt.kind === 'held') {
      try {
        return await work();
      } finally {
        attempt.lock.release();
      }
    }
    if (!told) onWait(attempt.by);
    told = true;
    await sleep(500);
  }
}

function holderOf(path: string): ProcessIdentity | undefined {
  try {
    return processIdentitySchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function releaseOwn(path: string, own: ProcessIdentity): void {
  const holder = holderOf(path);
  if (holder?.pid === own.pid && holder.startedAt === own.startedAt) rmSync(path, { force: true });
}
