import type { FirmConfig } from '../domain/config/schema.ts';
import { targetQueue } from '../domain/process/task-queues.ts';

export interface WorkerTerms {
  readonly queue: string;
  /** Over all workers of the queue; null for no limit. */
  readonly requestsPerSecond: number | null;
}

/** What is used of the SDK's Worker. `run` ends once what is under way after `shutdown` has. */
export interface QueueWorker {
  run(): Promise<void>;
  shutdown(): void;
}

export interface TargetWorkersSettings {
  readonly create: (terms: WorkerTerms) => Promise<QueueWorker>;
  /** A worker ended by a failure of its own. */
  readonly onFailed: (queue: string, error: unknown) => void;
}

interface Running {
  readonly terms: WorkerTerms;
  readonly worker: QueueWorker;
  readonly done: Promise<void>;
}

/**
 * One worker for each target system's queue. A worker's rate is fixed when it is made, so a changed one means a new worker: the old one
 * finishes what it has first, as a queue has one worker in a process. A system that left the configuration keeps its worker: steps of
 * deals under way still come and shall fail with words instead of waiting unseen.
 */
export function createTargetWorkers({ create, onFailed }: TargetWorkersSettings) {
  const running = new Map<string, Running>();

  async function start(terms: WorkerTerms): Promise<void> {
    const worker = await create(terms);
    const done = worker.run().catch((error: unknown) => {
      onFailed(terms.queue, error);
    });
    running.set(terms.queue, { terms, worker, done });
  }

  async function end({ terms, worker, done }: Running): Promise<void> {
    worker.shutdown();
    await done;
    running.delete(terms.queue);
  }

  return {
    /** Not to be called again before it ended. */
    async follow(config: FirmConfig): Promise<void> {
      await Promise.all(config.systems.map(async ({ id, limits: { requestsPerSecond } }) => {
        const queue = targetQueue(id);
        const before = running.get(queue);
        if (before?.terms.requestsPerSecond === requestsPerSecond) return;
        if (before !== undefined) await end(before);
        await start({ queue, requestsPerSecond });
      }));
    },
    queues: (): string[] => [...running.keys()],
    async stop(): Promise<void> {
      await Promise.all([...running.values()].map(end));
    },
  };
}
