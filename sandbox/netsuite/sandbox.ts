/**
 * NetSuite's SuiteTalk REST web services, 2026.1, as far as a professional-services firm's deals need them.
 * Overview: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1540391670.html
 */
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { openAccount, type Account } from './account.ts';
import { concurrencyExceeded, errorBody, INVALID_LOGIN, nonexistent, Refusal } from './errors.ts';
import { installGate } from './gate.ts';
import { ASYNC_MODES, asyncJobs } from './jobs.ts';
import { refusalAnswer, type ServiceContext } from './operations.ts';
import { NetSuiteOptions } from './options.ts';
import { recordTypeAt, RECORD_TYPES } from './record-types.ts';
import { save } from './records.ts';
import { REFERENCE_RECORDS } from './reference-data.ts';
import { installRoutes } from './routes.ts';
import { timeTotals } from './totals.ts';
import { TOKEN_PATH, tokenEndpoint } from './token.ts';

const accounts = new WeakMap<SandboxContext, Account>();
const SEED_RULES = { unknownNames: 'Error', replace: new Set<string>() } as const;

const faultAnswers: FaultAnswers = ({ kind, status }, request) => {
  if (request.url.startsWith(TOKEN_PATH)) return kind === 'expired-token' ? undefined : { status, body: { error: 'server_error' } };
  if (status === 401) return { status, body: errorBody(status, INVALID_LOGIN) };
  if (status === 429) return { status, body: refusalAnswer(concurrencyExceeded()).body ?? {} };
  return { status, body: errorBody(status, [{ detail: 'An unexpected error occurred. Error ID: sandbox', 'o:errorCode': 'UNEXPECTED_ERROR' }]) };
};

export const netsuite: SandboxDefinition = {
  name: 'netsuite',
  title: 'NetSuite (sandbox)',
  modes: ASYNC_MODES,
  faultAnswers,

  register(context) {
    const { app, records, now } = context;
    const options = NetSuiteOptions.parse(context.options);
    const account = accountOf(context);
    // An account of an earlier version of this sandbox gets what that one did not have.
    if (account.records('subsidiary').size() > 0) addReferenceRecords(account);
    const service = (): ServiceContext => ({ account, base: context.baseUrl() });
    const tokens = tokenEndpoint(records, options, now);
    const jobs = asyncJobs(records, service, now, context.mode, options);

    app.setErrorHandler((error, request, reply) => {
      const refusal = refusalFor(error, request.url);
      const answer = refusalAnswer(refusal);
      return reply.code(answer.status).headers(answer.headers).type('application/vnd.oracle.resource+json; type=error; charset=UTF-8').send(JSON.stringify(answer.body));
    });
    app.setNotFoundHandler((request) => {
      throw nonexistent(request.url.split('?', 1)[0] ?? '', 'The requested resource does not exist.');
    });
    app.addHook('onClose', async () => jobs.close());
    installGate(app, tokens, options, context.onReset);
    app.get('/__admin/time-totals', (_request, reply) => reply.send(timeTotals(account)));
    app.post(TOKEN_PATH, (request, reply) => tokens.answer(request.body, tokenUrls(context, options, request.host), reply));
    installRoutes(app, service, jobs, options);
  },

  initialRecords(context) {
    addReferenceRecords(accountOf(context));
  },

  seed(context, collection, record) {
    const type = recordTypeAt(collection);
    if (type === undefined) throw new Error(`NetSuite has no record type '${collection}' here`);
    const account = accountOf(context);
    const externalId = record['externalId'];
    const before = typeof externalId === 'string' ? account.byExternalId(type.name, externalId) : undefined;
    return save(account, type, record, before, SEED_RULES).id;
  },
};

function addReferenceRecords(account: Account): void {
  for (const { type, externalId, body } of REFERENCE_RECORDS) {
    if (account.byExternalId(type, externalId) === undefined) save(account, RECORD_TYPES[type], { ...body, externalId }, undefined, SEED_RULES);
  }
}

function accountOf(context: SandboxContext): Account {
  const existing = accounts.get(context);
  if (existing !== undefined) return existing;
  const account = openAccount(context.records, context.now, NetSuiteOptions.parse(context.options).approvalRouting);
  accounts.set(context, account);
  return account;
}

/** The audience an assertion may name: the vendor's own address of this account, or the address this sandbox is reached at. */
function tokenUrls(context: SandboxContext, options: NetSuiteOptions, host: string): string[] {
  const account = options.accountId.toLowerCase().replaceAll('_', '-');
  return [`https://${account}.suitetalk.api.netsuite.com`, context.baseUrl(), `http://${host}`].map((base) => `${base}${TOKEN_PATH}`);
}

function refusalFor(error: unknown, url: string): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return new Refusal(400, [{ detail: `Invalid content in the request body: ${error.message}`, 'o:errorCode': 'INVALID_CONTENT' }]);
  const detail = error instanceof Error ? error.message : String(error);
  return new Refusal(500, [{ detail: `An unexpected error occurred: ${detail}`, 'o:errorCode': 'UNEXPECTED_ERROR', 'o:errorUrl': url }]);
}
