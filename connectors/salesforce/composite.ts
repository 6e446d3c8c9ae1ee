import { z } from 'zod';
import type { HttpClient } from '../http/client.ts';
import { refusedFailure } from '../http/failures.ts';
import type { CallContext } from '../ports.ts';
import { classifySalesforce } from './classify.ts';

/** Requests in one call. Source: REST API Developer Guide, "Composite"; at most five of them may be queries or collections. */
export const MAX_SUBREQUESTS = 25;
export const MAX_QUERIES = 5;
/** Records in one call of the collections resource. */
export const MAX_COLLECTION = 200;

export interface Subrequest {
  readonly method: 'GET' | 'PATCH';
  /** From "/services/data" on; may refer to an earlier answer: `@{account.records[0].ParentId}`. */
  readonly url: string;
  /** Letters, digits and underscores. */
  readonly referenceId: string;
  readonly body?: Readonly<Record<string, string | null>>;
  readonly httpHeaders?: Readonly<Record<string, string>>;
}

export interface SubAnswer {
  readonly referenceId: string;
  readonly status: number;
  readonly body: unknown;
}

interface Composite {
  /** The system's ID in the configuration. */
  readonly system: string;
  /** "/services/data/v64.0" */
  readonly root: string;
  readonly requests: readonly Subrequest[];
  readonly object: string;
  readonly context: CallContext;
}

const compositeAnswer = z.object({ compositeResponse: z.array(z.object({ body: z.unknown(), httpStatusCode: z.number().int(), referenceId: z.string() })) });
const errorsSchema = z.array(z.looseObject({ errorCode: z.string() })).min(1);

/**
 * Reads in one call what depends on one another. What a part means that failed is for the caller to say (`partFailure`): one that refers to a value that an
 * earlier answer does not have fails too, and is the end of a chain.
 * @throws SystemFailure where the request as a whole failed
 */
export async function readComposite(http: HttpClient, composite: Composite): Promise<readonly SubAnswer[]> {
  return await send(http, composite, false);
}

/**
 * Writes all or nothing in one call: the answer is HTTP 200 whatever happened, each part's own status tells. Where one part fails Salesforce undoes the
 * others and answers them with PROCESSING_HALTED; the failure thrown is that of the part that caused it.
 * @throws SystemFailure
 */
export async function writeComposite(http: HttpClient, composite: Composite): Promise<readonly SubAnswer[]> {
  const answers = await send(http, composite, true);
  const refused = answers.filter((answer) => answer.status >= 300);
  const cause = refused.find((answer) => !isHalted(answer)) ?? refused[0];
  if (cause !== undefined) throw partFailure(composite, cause, true);
  return answers;
}

async function send(http: HttpClient, { root, requests, object, context }: Composite, writes: boolean): Promise<readonly SubAnswer[]> {
  const { body } = await http.request({
    method: 'POST',
    path: `${root}/composite`,
    json: { allOrNone: writes, compositeRequest: requests },
    answer: compositeAnswer.refine(({ compositeResponse }) => requests.every(({ referenceId }, index) => compositeResponse[index]?.referenceId === referenceId), 'one answer for each part, in order'),
    object,
    writes,
    context,
  });
  return body.compositeResponse.map(({ referenceId, httpStatusCode, body: part }) => ({ referenceId, status: httpStatusCode, body: part }));
}

function isHalted({ body }: SubAnswer): boolean {
  const errors = errorsSchema.safeParse(body);
  return errors.success && errors.data.every(({ errorCode }) => errorCode === 'PROCESSING_HALTED');
}

/** What the refusal of one part means. */
export function partFailure({ system, object }: Pick<Composite, 'system' | 'object'>, part: SubAnswer, writes: boolean): Error {
  const text = JSON.stringify(part.body ?? null);
  const verdict = classifySalesforce({ status: part.status, headers: {}, body: part.body, text }, { object, writes });
  // Parts are undone together, so a refused one leaves no doubt.
  return refusedFailure({ system, object, writes }, { status: part.status, text, html: false }, verdict === 'token_refused' ? verdict : { ...verdict, refused: true });
}
