import { createServer, type IncomingHttpHeaders } from 'node:http';

export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Subscriber {
  readonly url: string;
  readonly received: Received[];
  answer: () => { status: number; body?: string };
  /** Waits for the n-th request, at most five seconds. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Somebody who subscribed to a sandbox's events. */
export async function startSubscriber(answer: Subscriber['answer']): Promise<Subscriber> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      subscriber.received.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      const { status, body } = subscriber.answer();
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const subscriber: Subscriber = {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    received: [],
    answer,
    async until(count) {
      const end = Date.now() + 5000;
      while (subscriber.received.length < count) {
        if (Date.now() > end) throw new Error(`${subscriber.received.length} of ${count} requests came within five seconds`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return subscriber;
}
