import type { FastifyRequest } from 'fastify';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { RecordStore } from '../kit/sandbox.ts';
import { logonFailed, sessionRefused } from './errors.ts';
import type { SapSandboxOptions } from './options.ts';

interface Session {
  readonly id: string;
  readonly token: string;
  readonly user: string;
  readonly usedAt: number;
}
interface AccessToken {
  readonly token: string;
  readonly expiresAt: number;
}

const COOKIE = 'SAP_SESSIONID_Q2C_100';

export interface Gate {
  /** Who asks, and the headers of a session that the request asked for. @throws Refusal */
  enter(request: FastifyRequest): Readonly<Record<string, string | string[]>>;
  /** OAuth 2.0 client credentials: undefined where the client is not known. */
  accessToken(authorization: string | undefined): string | undefined;
}

/**
 * Lets a request in: basic authentication or an access token on each; a session with its cookie and CSRF token for what changes something.
 * https://help.sap.com/docs/SAP_NETWEAVER_AS_ABAP_752/68bf513362174d54b58cddec28794093/b35c22518bc72214e10000000a44176d.html
 */
export function openGate(records: RecordStore, options: SapSandboxOptions, now: () => Date): Gate {
  const sessions = records.collection<Session>('__sessions');
  const tokens = records.collection<AccessToken>('__tokens');

  const userOf = (authorization: string | undefined): string | undefined => {
    const [scheme = '', value = ''] = (authorization ?? '').split(' ');
    if (scheme.toLowerCase() === 'basic') return isPair(value, options.user, options.password) ? options.user : undefined;
    const token = scheme.toLowerCase() === 'bearer' ? tokens.get(value) : undefined;
    return token !== undefined && token.expiresAt > now().getTime() ? options.user : undefined;
  };
  const sessionOf = (request: FastifyRequest, user: string): Session | undefined => {
    const id = new RegExp(`${COOKIE}=([^;\\s]+)`).exec(request.headers.cookie ?? '')?.[1];
    const session = id === undefined ? undefined : sessions.get(id);
    return session !== undefined && session.user === user && session.usedAt > now().getTime() - options.sessionSeconds * 1000 ? session : undefined;
  };
  const open = (user: string): Session => {
    for (const old of sessions.filter(({ usedAt }) => usedAt <= now().getTime() - options.sessionSeconds * 1000)) sessions.delete(old.id);
    const session = { id: randomBytes(24).toString('base64url'), token: randomBytes(18).toString('base64'), user, usedAt: now().getTime() };
    sessions.put(session.id, session);
    return session;
  };

  return {
    enter(request) {
      const user = userOf(request.headers.authorization);
      if (user === undefined) throw logonFailed();
      const session = sessionOf(request, user);
      const csrf = String(request.headers['x-csrf-token'] ?? '');
      if (request.method === 'GET' || request.method === 'HEAD') {
        if (csrf.toLowerCase() !== 'fetch') return {};
        const opened = session ?? open(user);
        return { 'x-csrf-token': opened.token, 'set-cookie': [`sap-usercontext=sap-client=100; path=/`, `${COOKIE}=${opened.id}; path=/; secure; HttpOnly`] };
      }
      if (session === undefined || csrf !== session.token) throw sessionRefused();
      sessions.put(session.id, { ...session, usedAt: now().getTime() });
      return {};
    },
    accessToken(authorization) {
      const { clientId, clientSecret } = options;
      const [scheme = '', value = ''] = (authorization ?? '').split(' ');
      if (clientId === undefined || clientSecret === undefined || scheme.toLowerCase() !== 'basic' || !isPair(value, encodeURIComponent(clientId), encodeURIComponent(clientSecret))) return undefined;
      const token = randomBytes(32).toString('base64url');
      tokens.put(token, { token, expiresAt: now().getTime() + options.accessTokenLifetimeSeconds * 1000 });
      return token;
    },
  };
}

function isPair(base64: string, user: string, password: string): boolean {
  const given = Buffer.from(base64, 'base64');
  const wanted = Buffer.from(`${user}:${password}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
