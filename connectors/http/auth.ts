import { reasonOf } from './budget.ts';

/** Gives the headers that authorize a request. */
export interface AuthProvider {
  /**
   * The same object as before for as long as the token is the same.
   * @param force - the last token was refused: get a new one
   * @throws SystemFailure where no token can be had
   */
  authorize(force: boolean): Promise<Readonly<Record<string, string>>>;
}

export interface FetchedToken {
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresInSeconds: number;
}

const RENEW_BEFORE_MS = 60_000;

/** Headers that never change: an API key, a private app's token, or none. */
export function fixedHeaders(headers: Readonly<Record<string, string>>): AuthProvider {
  const provider = { authorize: () => Promise.resolve(headers) };
  fixed.add(provider);
  return provider;
}

const fixed = new WeakSet<AuthProvider>();

/** Whether its headers never change: so it is with clients that fetch the tokens of another client, often at the same address. */
export function isFixed(provider: AuthProvider): boolean {
  return fixed.has(provider);
}

/**
 * What several callers wait for, for as long as this one wants it: it goes on for the others.
 * @throws the signal's reason when it aborts
 */
export async function untilAborted<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(reasonOf(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    return await Promise.race([shared, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * A token with an end: fetched once however many calls wait for it, renewed 60 s before it expires (half way for a token that lives less than two minutes).
 * A failed fetch is not kept: the next call tries again. Its life is counted as it passes, so that a clock that is wrong or is set meanwhile changes nothing.
 */
export function renewedToken(fetchToken: () => Promise<FetchedToken>, now: () => number = () => performance.now()): AuthProvider {
  let current: { readonly headers: Readonly<Record<string, string>>; readonly renewAt: number } | null = null;
  let fetching: Promise<Readonly<Record<string, string>>> | null = null;

  const renew = async (): Promise<Readonly<Record<string, string>>> => {
    try {
      const { headers, expiresInSeconds } = await fetchToken();
      const life = expiresInSeconds * 1000;
      current = { headers, renewAt: now() + Math.max(life - RENEW_BEFORE_MS, life / 2) };
      return headers;
    } finally {
      fetching = null;
    }
  };

  return {
    authorize(force) {
      if (!force && current !== null && now() < current.renewAt) return Promise.resolve(current.headers);
      fetching ??= renew();
      return fetching;
    },
  };
}
