/**
 * Approval requests: a person's time of one week. There is no GET of one by its ID, and the list knows three states only: a request that is rejected, or
 * whose submission is withdrawn, is no longer listed, and its time can be submitted anew. An approved one is taken back by WITHDRAWN_APPROVAL;
 * it keeps its ID when it is submitted again. Which changes of state are refused is (unverified).
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { stamp } from './account.ts';
import { refused } from './errors.ts';
import { bodyOf, idIn, queryOf, readBody, sendPage, WORKSPACE, type Service } from './http.ts';
import { localDay, startOfDay } from './local-time.ts';
import { APPROVAL_STATES, type ApprovalRequest, type TimeEntry, type User, type WebhookEvent } from './model.ts';
import { keyOwner } from './people.ts';
import { durationOf, isLocked } from './time-entries.ts';

const LISTED = ['PENDING', 'APPROVED', 'WITHDRAWN_APPROVAL'] as const;
const WEEK_MS = 7 * 86_400_000;

/** From a state to those it can be changed to. */
const NEXT: Readonly<Record<ApprovalRequest['state'], readonly ApprovalRequest['state'][]>> = {
  PENDING: ['APPROVED', 'REJECTED', 'WITHDRAWN_SUBMISSION'],
  APPROVED: ['WITHDRAWN_APPROVAL'],
  WITHDRAWN_APPROVAL: ['PENDING'],
  WITHDRAWN_SUBMISSION: [],
  REJECTED: [],
};

const Submission = z.object({ period: z.literal('WEEKLY', 'Approval period does not match the workspace setting').default('WEEKLY'), periodStart: z.iso.datetime() });
const Decision = z.object({ state: z.enum(APPROVAL_STATES), note: z.string().optional() });
/** An admin action: submits a person's week from a local day and, if asked, decides at once. */
const Seeded = z.object({ userId: z.string(), weekStart: z.iso.date(), state: z.enum(['PENDING', 'APPROVED']).default('PENDING') });

export type Announce = (event: WebhookEvent, request: ApprovalRequest, user: User) => void;

export function approvalsOf(service: Service, announce: Announce) {
  const { account } = service;

  function submit(user: User, start: string): ApprovalRequest {
    const end = stamp(new Date(Date.parse(start) + WEEK_MS - 1000));
    const existing = account.approvalsOfUser(user.id).find((request) => request.start === start && request.state !== 'REJECTED' && request.state !== 'WITHDRAWN_SUBMISSION');
    if (existing?.state === 'PENDING') throw refused('Approval request for this period already exists');
    if (existing?.state === 'WITHDRAWN_APPROVAL') throw refused('Approval request for this period already exists, resubmit its entries');
    const entries = account.entriesOfUser(user.id).filter((entry) => entry.start >= start && entry.start <= end && entry.end !== null && entry.approvalRequestId === null);
    if (entries.length === 0) throw refused('There are no entries to submit for approval');
    return account.transaction(() => {
      const request = account.approvals.insert({ userId: user.id, creatorId: user.id, start, end, state: 'PENDING', note: '', updatedBy: user.id, updatedAt: stamp(account.now()) });
      for (const entry of entries) account.timeEntries.update(entry, { approvalRequestId: request.id });
      announce('NEW_APPROVAL_REQUEST', request, user);
      return request;
    });
  }

  function resubmit(user: User, start: string): ApprovalRequest {
    const request = account.approvalsOfUser(user.id).find((each) => each.start === start && each.state === 'WITHDRAWN_APPROVAL');
    if (request === undefined) throw refused('There is no approval request to resubmit');
    return account.transaction(() => {
      for (const entry of account.entriesOfUser(user.id)) {
        if (entry.start >= request.start && entry.start <= request.end && entry.approvalRequestId === null) account.timeEntries.update(entry, { approvalRequestId: request.id });
      }
      return decide(request, 'PENDING', '', user);
    });
  }

  function decide(request: ApprovalRequest, state: ApprovalRequest['state'], note: string, by: User): ApprovalRequest {
    if (!NEXT[request.state].includes(state)) throw refused(`Approval request cannot be changed from ${request.state} to ${state}`);
    return account.transaction(() => {
      const decided = account.approvals.update(request, { state, note, updatedBy: by.id, updatedAt: stamp(account.now()) });
      if (state === 'REJECTED' || state === 'WITHDRAWN_SUBMISSION') {
        for (const entry of account.entriesOfRequest(request.id)) account.timeEntries.update(entry, { approvalRequestId: null });
      }
      announce('APPROVAL_REQUEST_STATUS_UPDATED', decided, account.users.need(request.userId));
      return decided;
    });
  }

  return {
    submit,
    resubmit,
    decide,
    /** As `POST /__admin/seed` does it: people submit their own week, the owner decides. */
    seed(body: unknown): ApprovalRequest {
      const { userId, weekStart, state } = readBody(Seeded, body);
      const user = account.users.need(userId);
      const start = stamp(startOfDay(weekStart, user.timeZone));
      const withdrawn = account.approvalsOfUser(userId).some((each) => each.start === start && each.state === 'WITHDRAWN_APPROVAL');
      const request = withdrawn ? resubmit(user, start) : submit(user, start);
      return state === 'PENDING' ? request : decide(request, state, '', keyOwner(service));
    },
  };
}
export type Approvals = ReturnType<typeof approvalsOf>;

export function installApprovals(app: FastifyInstance, service: Service, approvals: Approvals): void {
  const { account, workspaceId } = service;
  const path = `${WORKSPACE}/approval-requests`;
  const view = (request: ApprovalRequest) => requestView(service, request);
  const startOf = (user: User, periodStart: string) => stamp(startOfDay(localDay(periodStart, user.timeZone), user.timeZone));
  const submissionOf = (request: Parameters<typeof idIn>[0], user: User) => startOf(user, bodyOf(Submission, request).periodStart);

  const entryView = (entry: TimeEntry, timeZone: string) => {
    const project = account.projects.get(entry.projectId);
    const task = account.tasks.get(entry.taskId);
    return {
      id: entry.id,
      description: entry.description,
      billable: entry.billable,
      project: project === undefined ? null : { id: project.id, name: project.name, color: project.color, clientId: project.clientId, clientName: account.clients.get(project.clientId)?.name ?? '' },
      task: task === undefined ? null : { id: task.id, name: task.name },
      tags: entry.tagIds.map((id) => ({ ...account.tags.need(id), workspaceId })),
      timeInterval: { start: entry.start, end: entry.end, duration: durationOf([entry]), timeZone },
      type: entry.type,
      isLocked: isLocked(service, entry),
      approvalRequestId: entry.approvalRequestId,
      customFieldValues: [],
      hourlyRate: null,
      costRate: null,
    };
  };

  app.get(path, (request, reply) => {
    const { status, 'sort-column': column = 'UPDATED_AT', 'sort-order': order = 'DESCENDING' } = queryOf(request);
    if (status !== undefined && !LISTED.some((state) => state === status)) throw refused(`status: ${status} is not one of ${LISTED.join(', ')}`);
    if (!['ID', 'USER_ID', 'START', 'UPDATED_AT'].includes(column)) throw refused('sort-column is invalid');
    const keyOf = (each: ApprovalRequest) => (column === 'UPDATED_AT' ? each.updatedAt : column === 'START' ? each.start : column === 'USER_ID' ? each.userId : each.id);
    const found = account.approvals.all().filter((each) => (status === undefined ? LISTED.some((state) => state === each.state) : each.state === status));
    const turn = order === 'ASCENDING' ? 1 : -1;
    found.sort((left, right) => turn * (keyOf(left) < keyOf(right) ? -1 : keyOf(left) > keyOf(right) ? 1 : 0));
    return sendPage(request, reply, found, (each) => {
      const entries = account.entriesOfRequest(each.id);
      const tracked = durationOf(entries);
      const { timeZone } = account.users.need(each.userId);
      return {
        approvalRequest: view(each),
        entries: entries.map((entry) => entryView(entry, timeZone)),
        expenses: [],
        approvedTime: each.state === 'APPROVED' ? tracked : 'PT0S',
        pendingTime: each.state === 'PENDING' ? tracked : 'PT0S',
        trackedTime: tracked,
        billableTime: durationOf(entries.filter(({ billable }) => billable)),
        breakTime: durationOf(entries.filter(({ type }) => type === 'BREAK')),
        billableAmount: 0,
        costAmount: 0,
        expenseTotal: 0,
      };
    });
  });
  app.post(path, (request, reply) => {
    const user = keyOwner(service);
    return reply.code(201).send(view(approvals.submit(user, submissionOf(request, user))));
  });
  app.post(`${path}/users/:user`, (request, reply) => {
    const user = account.users.need(idIn(request, 'user'));
    return reply.code(201).send(view(approvals.submit(user, submissionOf(request, user))));
  });
  app.post(`${path}/users/:user/resubmit-entries-for-approval`, (request, reply) => {
    const user = account.users.need(idIn(request, 'user'));
    return reply.send(view(approvals.resubmit(user, submissionOf(request, user))));
  });
  app.patch(`${path}/:id`, (request, reply) => {
    const { state, note = '' } = bodyOf(Decision, request);
    return reply.send(view(approvals.decide(account.approvals.need(idIn(request)), state, note, keyOwner(service))));
  });
}

function requestView({ account, workspaceId }: Service, request: ApprovalRequest) {
  const owner = account.users.need(request.userId);
  const creator = account.users.need(request.creatorId);
  return {
    id: request.id,
    workspaceId,
    dateRange: { start: request.start, end: request.end },
    owner: { userId: owner.id, userName: owner.name, timeZone: owner.timeZone, startOfWeek: owner.weekStart },
    creator: { userId: creator.id, userName: creator.name, userEmail: creator.email },
    status: { state: request.state, updatedBy: request.updatedBy, updatedByUserName: account.users.get(request.updatedBy)?.name ?? '', updatedAt: request.updatedAt, note: request.note },
    type: 'TIMESHEET',
  };
}
