import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { readEndpoints, type Endpoints } from '../../connectors/addresses.ts';
import { dataDirectory } from '../../connectors/secrets.ts';
import { openStore, type Store } from '../../store/database.ts';
import { connectClient } from '../temporal.ts';

/** What a command works with: opened when first used, closed when the command is done. */
export interface Session {
  readonly dataDir: string;
  readonly endpoints: Endpoints;
  readonly json: boolean;
  store(): Store;
  client(): Promise<Client>;
  /** Prints the value as JSON, or the text for people. */
  print(value: unknown, text: string): void;
}

/** Runs a command with a session made from .data/endpoints.json, or from DATABASE_URL and TEMPORAL_* where they are set. */
export async function withSession(program: Command, work: (session: Session) => Promise<void>): Promise<void> {
  const dataDir = dataDirectory();
  const endpoints = await readEndpoints(dataDir);
  const closing: (() => Promise<void>)[] = [];
  let store: Store | undefined;
  let client: Promise<Client> | undefined;
  const json = program.opts()['json'] === true;
  try {
    await work({
      dataDir,
      endpoints,
      json,
      store() {
        if (store !== undefined) return store;
        const url = process.env['DATABASE_URL'] ?? endpoints.store?.url;
        if (url === undefined) throw new Error('no store is known: start everything with npm start, or set DATABASE_URL');
        const opened = openStore(url, { applicationName: 'q2c-cli', connections: 2 });
        closing.push(() => opened.close());
        return (store = opened);
      },
      client() {
        return (client ??= (async () => {
          if (process.env['TEMPORAL_ADDRESS'] === undefined && endpoints.temporal !== undefined) {
            process.env['TEMPORAL_ADDRESS'] = endpoints.temporal.address;
            process.env['TEMPORAL_NAMESPACE'] ??= endpoints.temporal.namespace;
          }
          const connected = await connectClient();
          closing.push(() => connected.close());
          return connected.client;
        })());
      },
      print(value, text) {
        process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text.trimEnd()}\n`);
      },
    });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
