import { z } from 'zod';
import type { ApiAnswer, ApiParts, ApiRequest, Call, Route } from './call.ts';
import { refuse } from './errors.ts';

const MAX_SUBREQUESTS = 25;
/** Queries and collections among them. */
const MAX_QUERIES = 5;
const REFERENCE = /@\{([^}]+)\}/g;

const Subrequest = z.object({
  method: z.enum(['GET', 'POST', 'PATCH', 'PUT', 'DELETE']),
  url: z.string(),
  referenceId: z.string().regex(/^[A-Za-z]\w*$/),
  body: z.unknown().optional(),
  httpHeaders: z.record(z.string(), z.string()).optional(),
});
type Subrequest = z.infer<typeof Subrequest>;
const Composite = z.object({
  allOrNone: z.boolean().default(false),
  collateSubrequests: z.boolean().optional(),
  compositeRequest: z.array(Subrequest).min(1),
});

interface Part {
  readonly referenceId: string;
  readonly answer: ApiAnswer;
}

class RolledBack extends Error {
  readonly parts: readonly Part[];
  constructor(parts: readonly Part[]) {
    super('all or none');
    this.parts = parts;
  }
}

/** Up to 25 requests in one, later ones referring to the answers of earlier ones. */
export function compositeRoutes({ transaction }: ApiParts, answer: (request: ApiRequest) => ApiAnswer): Route[] {
  function runOne(call: Call, request: Subrequest, earlier: ReadonlyMap<string, unknown>): ApiAnswer {
    const resolved = substitute({ url: request.url, body: request.body }, earlier);
    if (!resolved.ok) {
      return {
        status: 400,
        body: [
          {
            errorCode: 'PROCESSING_HALTED',
            message: `Invalid reference specified. No value for ${resolved.missing} found in ${resolved.missing.split('.')[0] ?? ''}`,
          },
        ],
      };
    }
    const url = new URL(resolved.value.url, 'http://local');
    return transaction(() =>
      answer({
        method: request.method,
        path: url.pathname,
        query: url.searchParams,
        body: resolved.value.body,
        headers: request.httpHeaders ?? {},
        userId: call.userId,
      }),
    );
  }

  function runAll(call: Call, requests: readonly Subrequest[], allOrNone: boolean): Part[] {
    const bodies = new Map<string, unknown>();
    const parts: Part[] = [];
    for (const request of requests) {
      const result = runOne(call, request, bodies);
      parts.push({ referenceId: request.referenceId, answer: result });
      if (result.status < 300) bodies.set(request.referenceId, result.body);
      else if (allOrNone) throw new RolledBack(parts);
    }
    return parts;
  }

  function composite(call: Call): ApiAnswer {
    const parsed = Composite.safeParse(call.body);
    if (!parsed.success) return refuse(400, 'INVALID_INPUT', `The composite request is not valid: ${z.prettifyError(parsed.error)}`);
    const { allOrNone, compositeRequest } = parsed.data;
    if (compositeRequest.length > MAX_SUBREQUESTS) {
      refuse(400, 'LIMIT_EXCEEDED', `The request contains ${compositeRequest.length} subrequests; the limit is ${MAX_SUBREQUESTS}`);
    }
    const queries = compositeRequest.filter(({ url }) => /^\/services\/data\/v\d+\.\d+\/(?:query(?:All)?\b|composite\/sobjects\b)/.test(url)).length;
    if (queries > MAX_QUERIES) refuse(400, 'LIMIT_EXCEEDED', `The request contains ${queries} query or collection subrequests; the limit is ${MAX_QUERIES}`);
    if (new Set(compositeRequest.map((request) => request.referenceId)).size < compositeRequest.length) {
      refuse(400, 'INVALID_INPUT', 'Duplicate ReferenceId provided in the request');
    }
    if (!allOrNone) return { status: 200, body: { compositeResponse: runAll(call, compositeRequest, false).map(shown) } };
    try {
      const parts = transaction(() => runAll(call, compositeRequest, true));
      return { status: 200, body: { compositeResponse: parts.map(shown) } };
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      const failed = error.parts.at(-1);
      const parts = compositeRequest.map(({ referenceId }) =>
        referenceId === failed?.referenceId ? failed : { referenceId, answer: HALTED },
      );
      return { status: 200, body: { compositeResponse: parts.map(shown) } };
    }
  }

  return [['POST', /^\/composite\/?$/, composite]];
}

const HALTED: ApiAnswer = {
  status: 400,
  body: [
    { errorCode: 'PROCESSING_HALTED', message: 'The transaction was rolled back since another operation in the same transaction failed.' },
  ],
};

const shown = ({ referenceId, answer }: Part): object => ({
  body: answer.body ?? null,
  httpHeaders: answer.headers ?? {},
  httpStatusCode: answer.status,
  referenceId,
});

type Substituted = { readonly ok: true; readonly value: { url: string; body: unknown } } | { readonly ok: false; readonly missing: string };

function substitute(request: { url: string; body: unknown }, earlier: ReadonlyMap<string, unknown>): Substituted {
  let missing: string | undefined;
  const valueOf = (path: string): string => {
    const value = lookUp(path, earlier);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
    missing ??= path;
    return '';
  };
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(REFERENCE, (_whole, path: string) => valueOf(path));
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
    return value;
  };
  const value = { url: String(replace(request.url)), body: replace(request.body) };
  return missing === undefined ? { ok: true, value } : { ok: false, missing };
}

function lookUp(path: string, earlier: ReadonlyMap<string, unknown>): unknown {
  const [reference = '', ...steps] = path.split(/\.|\[|\]\.?/).filter((step) => step !== '');
  let value = earlier.get(reference);
  for (const step of steps) value = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;
  return value;
}
