/**
 * Company tokens: an access token of two hours and a refresh token that is good until the access token it brought is used.
 * https://docs.gusto.com/embedded-payroll/reference/refresh-access-token
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { RecordStore } from '../kit/sandbox.ts';
import { invalidToken, Refusal } from './errors.ts';
import type { GustoOptions } from './options.ts';

interface Pair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The refresh token it was bought with; revoked at the first use. */
  readonly from: string | null;
  readonly expiresAt: number;
}

const Request = z.object({ client_id: z.string(), client_secret: z.string(), grant_type: z.string(), refresh_token: z.string().optional() });

export function tokenDesk(records: RecordStore, options: GustoOptions, now: () => Date) {
  const pairs = records.collection<Pair>('__pairs');
  const revoked = records.collection<{ readonly token: string }>('__revoked');
  const first = () => {
    if (pairs.size() === 0) pairs.put('first', { accessToken: options.accessToken ?? '', refreshToken: options.refreshToken, from: null, expiresAt: now().getTime() + options.accessTokenLifetimeSeconds * 1000 });
  };
  const refuse = (error: string, description: string) => new Refusal(400, { error, error_description: description });

  return {
    issue(body: unknown): object {
      first();
      const asked = Request.safeParse(body);
      if (!asked.success || asked.data.client_id !== options.clientId || asked.data.client_secret !== options.clientSecret) throw new Refusal(401, { error: 'invalid_client', error_description: 'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.' });
      const { grant_type: grant, refresh_token: from = '' } = asked.data;
      if (grant !== 'refresh_token') throw refuse('unsupported_grant_type', 'The authorization grant type is not supported by the authorization server.');
      const known = pairs.find((pair) => pair.refreshToken === from);
      if (known === undefined || revoked.get(from) !== undefined) throw refuse('invalid_grant', 'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.');
      const pair: Pair = { accessToken: randomBytes(32).toString('base64url'), refreshToken: randomBytes(32).toString('base64url'), from, expiresAt: now().getTime() + options.accessTokenLifetimeSeconds * 1000 };
      pairs.put(pair.accessToken, pair);
      return { access_token: pair.accessToken, token_type: 'Bearer', expires_in: options.accessTokenLifetimeSeconds, refresh_token: pair.refreshToken, created_at: Math.floor(now().getTime() / 1000), scope: 'employees:read payrolls:read payrolls:write payrolls:run' };
    },

    check(authorization: string | undefined): void {
      first();
      const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
      const pair = pairs.find((each) => each.accessToken === token);
      if (pair === undefined || pair.expiresAt <= now().getTime()) throw invalidToken();
      if (pair.from !== null && revoked.get(pair.from) === undefined) revoked.put(pair.from, { token: pair.from });
    },
  };
}
