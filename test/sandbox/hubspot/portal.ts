import { generateCredentials, type Credentials } from '../../../sandbox/credentials.ts';
import { hubspot } from '../../../sandbox/hubspot/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';

export interface Portal {
  readonly sandbox: RunningSandbox;
  readonly credentials: Credentials['hubspot'];
  call(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>;
  admin(method: string, path: string, body?: unknown): Promise<Response>;
}

const credentials = generateCredentials().hubspot;

export async function startPortal(options: Record<string, unknown> = {}): Promise<Portal> {
  const sandbox = await startSandbox(hubspot, { port: 0, options: { ...credentials, ...options } });
  const send = (method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Response> =>
    fetch(sandbox.url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    sandbox,
    credentials,
    async call(method, path, body, token = credentials.accessToken) {
      const answer = await send(method, path, body, { authorization: `Bearer ${token}` });
      const text = await answer.text();
      const parsed: Record<string, unknown> = text === '' ? {} : JSON.parse(text);
      return { status: answer.status, body: parsed, headers: answer.headers };
    },
    admin: (method, path, body) => send(method, `/__admin${path}`, body, {}),
  };
}
