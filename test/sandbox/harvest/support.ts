import { generateCredentials } from '../../../sandbox/credentials.ts';
import { harvest } from '../../../sandbox/harvest/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  /** The `id` of the answer. */
  readonly id: number;
}

export const credentials = generateCredentials().harvest;

export interface TestAccount {
  readonly sandbox: RunningSandbox;
  /** `path` without `/v2/`. A header given as '' is left out. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  admin(method: string, path: string, body?: unknown): Promise<Reply>;
  /** The ID of the user or task with this (last) name. */
  userNamed(lastName: string): Promise<number>;
  taskNamed(name: string): Promise<number>;
  newProject(changes?: { readonly name?: string; readonly [name: string]: unknown }): Promise<number>;
  close(): Promise<void>;
}

export async function startAccount(settings: { options?: Record<string, unknown>; dataFile?: string; now?: () => Date } = {}): Promise<TestAccount> {
  const sandbox = await startSandbox(harvest, {
    port: 0,
    options: { ...credentials, requestsPerWindow: null, ...settings.options },
    ...(settings.now === undefined ? {} : { now: settings.now }),
    ...(settings.dataFile === undefined ? {} : { dataFile: settings.dataFile }),
  });

  async function exchange(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Reply> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = Object.entries({ ...json, ...headers }).filter(([, value]) => value !== '');
    const response = await fetch(`${sandbox.url}${path}`, { method, headers: sent, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    const parsed: unknown = text === '' ? {} : JSON.parse(text);
    const answer: Record<string, unknown> = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
    return { status: response.status, headers: response.headers, body: answer, id: Number(answer['id']) };
  }
  const call: TestAccount['call'] = (method, path, body, headers = {}) =>
    exchange(method, `/v2/${path}`, body, {
      authorization: `Bearer ${credentials.accessToken}`,
      'harvest-account-id': credentials.accountId,
      'user-agent': 'q2c tests (tests@example.com)',
      ...headers,
    });
  const idWhere = async (path: string, name: string, field: string, value: string): Promise<number> =>
    Number(rows(await call('GET', path), name).find((row) => row[field] === value)?.['id']);

  return {
    sandbox,
    call,
    admin: (method, path, body) => exchange(method, `/__admin/${path}`, body, {}),
    userNamed: (lastName) => idWhere('users', 'users', 'last_name', lastName),
    taskNamed: (name) => idWhere('tasks', 'tasks', 'name', name),
    async newProject(changes = {}) {
      const client = await call('POST', 'clients', { name: `Client of ${changes.name ?? 'Rollout'}`, currency: 'EUR' });
      return (await call('POST', 'projects', { client_id: client.id, name: 'Rollout', is_billable: true, bill_by: 'Tasks', budget_by: 'none', ...changes })).id;
    },
    close: () => sandbox.close(),
  };
}

export function rows(reply: Reply, name: string): Record<string, unknown>[] {
  const list = reply.body[name];
  return Array.isArray(list) ? list.map((row: unknown) => (typeof row === 'object' && row !== null ? { ...row } : {})) : [];
}

export function message(reply: Reply): string {
  return String(reply.body['message']);
}
