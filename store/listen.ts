import pg from 'pg';

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;

export interface Listener {
  close(): Promise<void>;
}

/**
 * Calls `onWake` for each notification on the channel, and once after each (re)connection, because notifications sent meanwhile are lost.
 * A lost connection is made again with growing pauses until `close`. Resolves once it listens; throws if the first connection fails.
 */
export async function listen(url: string, channel: string, onWake: (payload: string) => void): Promise<Listener> {
  let closed = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: url, application_name: `q2c listener ${channel}`, keepAlive: true });
    let lost = false;
    const onLost = (): void => {
      if (lost) return;
      lost = true;
      reconnect(FIRST_RETRY_MS);
    };
    try {
      await next.connect();
      next.on('error', onLost);
      next.on('end', onLost);
      next.on('notification', (message) => onWake(message.payload ?? ''));
      await next.query(`listen ${next.escapeIdentifier(channel)}`);
    } catch (error) {
      lost = true;
      await next.end().catch(() => undefined);
      throw error;
    }
    client = next;
    if (closed) await next.end();
    else onWake('');
  };

  const reconnect = (pauseMs: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      connect().catch(() => reconnect(Math.min(pauseMs * 2, LAST_RETRY_MS)));
    }, pauseMs);
  };

  await connect();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
