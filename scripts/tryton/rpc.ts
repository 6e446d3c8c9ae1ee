import { z } from 'zod';

export interface TrytonLogin {
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

export interface TrytonSession {
  /** `method` as "party.party.search"; the context is added: the company, and `more`. */
  call(method: string, args: readonly unknown[], company?: number, more?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** The ID of the record that fits `domain`, which is made with `values` if there is none. */
  ensure(model: string, domain: readonly unknown[], values: object, company?: number): Promise<number>;
}

const answer = z.object({ result: z.unknown().optional(), error: z.unknown().optional() });
const login = z.tuple([z.int(), z.string()], z.unknown());
const ids = z.array(z.int());

/** Opens a session of Tryton's JSON-RPC. @throws Error with Tryton's own message. */
export async function openTryton(address: TrytonLogin): Promise<TrytonSession> {
  const send = async (method: string, params: readonly unknown[], headers: Record<string, string> = {}): Promise<unknown> => {
    const response = await fetch(`${address.url}/${address.database}/rpc/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ id: 1, method, params }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok) throw new Error(`Tryton answered ${response.status} to ${method}`);
    const { result, error } = answer.parse(await response.json());
    if (error !== undefined && error !== null) throw new Error(`Tryton refused ${method}: ${JSON.stringify(error).slice(0, 1_000)}`);
    return result;
  };
  const [userId, session] = login.parse(await send('common.db.login', [address.user, { password: address.password }, 'en']));
  const authorization = `Session ${Buffer.from(`${address.user}:${userId}:${session}`).toString('base64')}`;
  const call: TrytonSession['call'] = (method, args, company, more) => send(`model.${method}`, [...args, { ...more, ...(company === undefined ? {} : { company }) }], { authorization });
  return {
    call,
    async ensure(model, domain, values, company) {
      const [known] = ids.parse(await call(`${model}.search`, [domain, 0, 1, null], company));
      if (known !== undefined) return known;
      const [made] = ids.parse(await call(`${model}.create`, [[values]], company));
      if (made === undefined) throw new Error(`Tryton made no ${model}`);
      return made;
    },
  };
}

/** A number as Tryton's JSON-RPC writes an exact one. */
export function decimal(text: string) {
  return { __class__: 'Decimal', decimal: text } as const;
}
