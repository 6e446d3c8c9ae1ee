import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken, type AuthProvider } from '../http/auth.ts';
import { meaningOfStatus, type Classifier } from '../http/classify.ts';
import { createHttpClient } from '../http/client.ts';
import { detachedContext } from '../http/detached-context.ts';
import type { GustoCredentials } from './options.ts';

const LOGIN_REFUSED = 'GUSTO_LOGIN_REFUSED';
const LEFT_OVER_MS = 60_000;
const RENEW_BEFORE_MS = 60_000;
const tokenAnswer = z.object({ access_token: z.string().min(1), refresh_token: z.string().min(1), expires_in: z.number().positive() });
const keptSchema = z.object({ chain: z.string(), accessToken: z.string(), refreshToken: z.string(), expiresAt: z.number() });
type Kept = z.infer<typeof keptSchema>;
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/**
 * A company's access token. Each renewal gives a new refresh token too, and "the previous refresh_token will be revoked on the first usage of the new
 * access_token": so the new pair is written down before it is used, and processes on one data folder take turns.
 * Source: https://docs.gusto.com/embedded-payroll/reference/refresh-access-token
 */
export function gustoAuth(settings: ConnectorSettings, credentials: GustoCredentials, dataDir: string): AuthProvider {
  const http = createHttpClient({ ...settings, auth: fixedHeaders({}), classify: classifyToken });
  const folder = join(dataDir, 'tokens');
  const file = join(folder, `${settings.system}.json`);
  // Credentials given anew begin a chain of their own; what was kept of the old one is of no use.
  const chain = createHash('sha256').update(credentials.refreshToken).digest('hex');
  let given: string | null = null;

  const headersOf = ({ accessToken, expiresAt }: Kept) => {
    given = accessToken;
    return { headers: { authorization: `Bearer ${accessToken}` }, expiresInSeconds: Math.max((expiresAt - Date.now()) / 1000, 1) };
  };

  /** A refused token that was kept is no reason to give up: the one of the credentials may be good again. */
  const renew = async (kept: Kept | null): Promise<Kept> => {
    if (kept === null) return await exchange(credentials.refreshToken);
    try {
      return await exchange(kept.refreshToken);
    } catch (error) {
      if (!isSystemFailure(error) || error.failure.code !== LOGIN_REFUSED) throw error;
      return await exchange(credentials.refreshToken);
    }
  };

  const exchange = async (refreshToken: string): Promise<Kept> => {
    const { body } = await http.request({
      method: 'POST',
      path: '/oauth/token',
      json: { client_id: credentials.clientId, client_secret: credentials.clientSecret, grant_type: 'refresh_token', refresh_token: refreshToken },
      answer: tokenAnswer, secretAnswer: true,
      object: `the access token for ${settings.system}`,
      writes: false,
      context: detachedContext(settings.log),
    });
    const next: Kept = { chain, accessToken: body.access_token, refreshToken: body.refresh_token, expiresAt: Date.now() + body.expires_in * 1000 };
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, JSON.stringify(next), { mode: 0o600 });
    await rename(draft, file);
    return next;
  };

  return renewedToken(async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await inTurn(`${file}.lock`, settings.system, async () => {
      const kept = await readKept(file, chain);
      const usable = kept !== null && kept.accessToken !== given && kept.expiresAt > Date.now() + RENEW_BEFORE_MS;
      return headersOf(usable ? kept : await renew(kept));
    });
  });
}

/** RFC 6749, section 5.2. */
const classifyToken: Classifier = (answer, request) => {
  const said = refusal.safeParse(answer.body);
  if (!said.success || answer.status >= 500 || answer.status === 429) return meaningOfStatus('GUSTO', answer, request);
  return { kind: 'configuration', code: LOGIN_REFUSED, message: `Gusto refuses ${request.object}: ${said.data.error}${said.data.error_description === undefined ? '' : ` (${said.data.error_description})`}.`, mend: 'The refresh token was revoked or used elsewhere, or client and secret are wrong: connect the company anew and give its tokens to the secrets provider, then retry.' };
};

async function readKept(file: string, chain: string): Promise<Kept | null> {
  try {
    const kept = keptSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return kept.success && kept.data.chain === chain ? kept.data : null;
  } catch {
    return null;
  }
}

/** One process at a time; what a killed one left is cleared away after a minute. */
async function inTurn<Result>(lock: string, system: string, work: () => Promise<Result>): Promise<Result> {
  for (const until = Date.now() + 2 * LEFT_OVER_MS; ; ) {
    try {
      await (await open(lock, 'wx')).close();
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const held = await stat(lock).catch(() => null);
      if (held !== null && Date.now() - held.mtimeMs > LEFT_OVER_MS) await rm(lock, { force: true });
      if (Date.now() > until) throw new SystemFailure({ kind: 'transient', code: 'GUSTO_TOKEN_BUSY', message: 'Another process has been renewing the access token for too long.', mend: 'Nothing to do: it is tried again by itself.', system, object: `the access token for ${system}`, written: 'no' });
      await sleep(50);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}
