import type { ActivityInterceptorsFactory } from '@temporalio/worker';

const EVERY_MS = 4_000;

/** Sends a heartbeat while an activity runs, so that a killed worker is noticed soon and cancellation reaches the activity, however long one call takes. */
export const heartbeatWhileRunning: ActivityInterceptorsFactory = (context) => ({
  inbound: {
    async execute(input, next) {
      if (context.info.heartbeatTimeoutMs === undefined) return await next(input);
      const beating = setInterval(() => {
        context.heartbeat();
      }, EVERY_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(beating);
      }
    },
  },
});
