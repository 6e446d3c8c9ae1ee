/** Gusto's Embedded Payroll API for one company: employees and payrolls. https://docs.gusto.com/embedded-payroll/reference */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { companyOf, employeeView, itemView, payrollView, Update, type Company } from './company.ts';
import { invalidToken, invalidValue, notFound, refused, Refusal, tooMany } from './errors.ts';
import { GustoOptions } from './options.ts';
import { EMPLOYEES, payrollsAround } from './reference-data.ts';
import { tokenDesk } from './tokens.ts';

const VERSIONS = ['2024-04-01', '2025-06-15', '2025-11-15', '2026-02-01', '2026-06-15'];
const WINDOW_MS = 60_000;
const MOST_PER_PAGE = 100;
const Paging = z.object({ page: z.coerce.number().int().min(1).optional(), per: z.coerce.number().int().min(1).optional() });
const Statuses = z.string().default('processed').transform((text) => text.split(',')).pipe(z.array(z.enum(['processed', 'unprocessed'])));
const Types = z.string().default('regular,off_cycle').transform((text) => text.split(',')).pipe(z.array(z.enum(['regular', 'off_cycle', 'external'])));
const PayrollQuery = z.object({ processing_statuses: Statuses, payroll_types: Types, start_date: z.iso.date().optional(), end_date: z.iso.date().optional() });
const Params = z.object({ company: z.string(), payroll: z.string().default('') });
const Prepare = z.strictObject({ employee_uuids: z.array(z.guid()).optional() });
const companies = new WeakMap<SandboxContext, Company>();

const faultAnswers: FaultAnswers = ({ kind, status, retryAfterSeconds }, request) => {
  if (request.url.startsWith('/oauth/')) return kind === 'expired-token' ? undefined : { status, body: { error: 'temporarily_unavailable' } };
  if (kind === 'expired-token' || status === 401) return { status: 401, body: invalidToken().body };
  if (status === 429) return { status, body: tooMany(retryAfterSeconds ?? 60).body };
  return { status, body: refused(status, 'internal_error', 'An unexpected error has occurred.', 'request').body };
};

export const gusto: SandboxDefinition = {
  name: 'gusto',
  title: 'Gusto Embedded Payroll (sandbox)',
  faultAnswers,

  register(context) {
    const { app, records, now } = context;
    const options = GustoOptions.parse(context.options);
    const desk = tokenDesk(records, options, now);
    const company = companyFor(context);
    // A window opens with the first request and closes after a minute: https://docs.gusto.com/embedded-payroll/docs/rate-limits
    let [opened, used] = [Number.NEGATIVE_INFINITY, 0];

    app.setErrorHandler((error, _request, reply) => {
      const refusal = error instanceof Refusal ? error : error instanceof UnreadableBody ? refused(400, 'invalid_request', error.message, 'request') : refused(500, 'internal_error', error instanceof Error ? error.message : String(error), 'request');
      return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
    });
    app.setNotFoundHandler(() => {
      throw notFound();
    });
    app.addHook('onRequest', async (request, reply) => {
      if (!request.url.startsWith('/v1/')) return;
      desk.check(request.headers.authorization);
      const at = now().getTime();
      if (at >= opened + WINDOW_MS) [opened, used] = [at, 0];
      const reset = opened + WINDOW_MS;
      if (options.requestsPerMinute !== null && used >= options.requestsPerMinute) throw tooMany(Math.ceil((reset - at) / 1000));
      used += 1;
      if (options.requestsPerMinute !== null) reply.headers({ 'X-RateLimit-Limit': String(options.requestsPerMinute), 'X-RateLimit-Remaining': String(options.requestsPerMinute - used), 'X-RateLimit-Reset': pacificTime(reset) });
      const version = request.headers['x-gusto-api-version'];
      if (typeof version !== 'string' || !VERSIONS.includes(version)) throw refused(406, 'invalid_api_version', `Invalid API Version \`${String(version ?? '')}\`. Expected format: YYYY-MM-DD`, 'request');
      reply.header('X-Gusto-API-Version', version);
      if (/^\/v1\/companies\/([^/?]+)/.exec(request.url)?.[1] !== options.companyUuid) throw notFound();
    });

    app.post('/oauth/token', (request, reply) => reply.send(desk.issue(request.body)));
    app.get('/v1/companies/:company/employees', (request, reply) => reply.send(paged(request, reply, company.employees()).map(employeeView)));
    app.get('/v1/companies/:company/payrolls', (request, reply) => {
      const { processing_statuses: statuses, payroll_types: types, start_date: from, end_date: to } = read(PayrollQuery, request.query);
      const found = company.payrolls().filter((payroll) => statuses.includes(payroll.processed ? 'processed' : 'unprocessed') && types.includes(payroll.off_cycle ? 'off_cycle' : 'regular') && (from === undefined || payroll.end_date >= from) && (to === undefined || payroll.start_date <= to));
      return reply.send(paged(request, reply, found).map((payroll) => payrollView(payroll, options.companyUuid)));
    });
    app.get('/v1/companies/:company/payrolls/:payroll', (request, reply) => {
      const payroll = company.ask(payrollIn(request));
      const complete = payroll.processed || payroll.calculated_at !== null;
      const items = complete ? paged(request, reply, company.itemsOf(payroll.uuid)).map((item) => itemView(item, false)) : [];
      return reply.send({ ...payrollView(payroll, options.companyUuid), employee_compensations: items });
    });
    app.put('/v1/companies/:company/payrolls/:payroll/prepare', (request, reply) => {
      const { payroll, items } = company.prepare(payrollIn(request), read(Prepare, request.body).employee_uuids);
      return reply.send({ ...payrollView(payroll, options.companyUuid), fixed_compensation_types: [{ name: 'Bonus' }], employee_compensations: paged(request, reply, items).map((item) => itemView(item, true)) });
    });
    app.put('/v1/companies/:company/payrolls/:payroll', (request, reply) => {
      const { payroll, items } = company.update(payrollIn(request), read(Update, request.body), String(request.headers['x-gusto-api-version']));
      return reply.send({ ...payrollView(payroll, options.companyUuid), employee_compensations: items.map((item) => itemView(item, true)) });
    });
    app.put('/v1/companies/:company/payrolls/:payroll/calculate', (request, reply) => {
      company.calculate(payrollIn(request));
      return reply.code(202).send();
    });
    app.put('/v1/companies/:company/payrolls/:payroll/submit', (request, reply) => {
      company.submit(payrollIn(request));
      return reply.code(202).send({ payroll_uuid: payrollIn(request) });
    });
    context.onReset(() => {
      [opened, used] = [Number.NEGATIVE_INFINITY, 0];
    });
  },

  initialRecords(context) {
    const company = companyFor(context);
    for (const employee of EMPLOYEES) company.addEmployee(employee);
    for (const payroll of payrollsAround(context.now())) company.addPayroll(payroll);
  },

  seed(context, collection, record) {
    const company = companyFor(context);
    if (collection === 'employees') return company.addEmployee(record);
    if (collection === 'payrolls') return company.addPayroll(record);
    throw new Error(`"${collection}" is neither employees nor payrolls`);
  },
};

function companyFor(context: SandboxContext): Company {
  const company = companies.get(context) ?? companyOf(context);
  companies.set(context, company);
  return company;
}

function payrollIn(request: FastifyRequest): string {
  return Params.parse(request.params).payroll;
}

/** https://docs.gusto.com/embedded-payroll/docs/api-fundamentals */
function paged<Item>(request: FastifyRequest, reply: FastifyReply, items: readonly Item[]): readonly Item[] {
  const { page = 1, per = 25 } = read(Paging, request.query);
  const size = Math.min(per, MOST_PER_PAGE);
  reply.headers({ 'X-Page': String(page), 'X-Per-Page': String(size), 'X-Total-Count': String(items.length), 'X-Total-Pages': String(Math.ceil(items.length / size)) });
  return items.slice((page - 1) * size, page * size);
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalidValue(issue?.path.join('.') ?? 'base', issue?.message ?? 'is invalid');
}

/** "2025-07-08 15:35:40 -0700", as in https://docs.gusto.com/embedded-payroll/changelog/added-rate-limit-headers; the end of a second counts as a whole one. */
function pacificTime(at: number): string {
  const OFFSET_HOURS = -7;
  const local = new Date(Math.ceil(at / 1000) * 1000 + OFFSET_HOURS * 3_600_000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 19)} -0700`;
}
