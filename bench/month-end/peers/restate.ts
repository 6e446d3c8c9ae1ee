// A timesheet application on Restate, as its documentation has it: a workflow for each timesheet, keyed by it, with a `ctx.run` for each
// step, submitted through the ingress (https://docs.restate.dev/tour/workflows, https://docs.restate.dev/develop/ts/durable-steps,
// https://docs.restate.dev/services/invocation/clients/typescript-sdk).
import { createServer } from 'node:http2';
import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { caseIdOf, peerSettings, peerWork, processIdOf, serveIntake } from './application.ts';

const settings = peerSettings();
const work = await peerWork(settings);
const { ingress = '', servicePort = '' } = settings.engine;

/** Waits until somebody resolves it. */
const exceptionCase = restate.workflow({
  name: 'exceptionCase',
  handlers: {
    run: async (ctx: restate.WorkflowContext, _codes: readonly string[]): Promise<string> => await ctx.promise<string>('resolution'),
    resolve: async (ctx: restate.WorkflowSharedContext, resolution: string): Promise<void> => await ctx.promise<string>('resolution').resolve(resolution),
  },
});

const timesheetWorkflow = restate.workflow({
  name: 'timesheet',
  handlers: {
    run: async (ctx: restate.WorkflowContext, sheet: Timesheet): Promise<number> => {
      const { postings, refused } = await ctx.run('decide', () => work.decide(sheet));
      if (refused.length > 0) ctx.workflowSendClient(exceptionCase, caseIdOf(sheet)).run(refused);
      const posted = postings.length === 0 ? [] : await ctx.run('post', () => work.post(postings));
      await ctx.run('record', () => work.record(sheet, posted));
      return posted.length;
    },
  },
});

const endpoint = createServer(restate.createEndpointHandler({ services: [timesheetWorkflow, exceptionCase] }));
await new Promise<void>((resolve) => endpoint.listen(Number(servicePort), '127.0.0.1', resolve));

const client = clients.connect({ url: ingress });
await serveIntake(settings.port, async (sheet) => {
  await client.workflowClient(timesheetWorkflow, processIdOf(sheet)).workflowSubmit(sheet);
});

process.once('SIGTERM', () => process.exit());
