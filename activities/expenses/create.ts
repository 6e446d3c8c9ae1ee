import { appendAudit } from '../../store/audit-trail.ts';
import { returnReport, waive } from '../../store/expenses/decision.ts';
import { publishExpenseFacts } from '../../store/reporting-expenses.ts';
import { giveUpAnswers } from '../../store/time/answers.ts';
import { activityLog, callContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toTemporal } from '../failures.ts';
import { createReference } from '../time/reference.ts';
import { planExpenseAnswer, planReturn, tellExpenseAnswer } from './answer.ts';
import type { ExpenseActivities } from './contract.ts';
import { decideRecord } from './decide.ts';
import { auditNotOffered, postOnce, settlePosting } from './post.ts';

export function createExpenseSteps(deps: ActivityDependencies): ExpenseActivities {
  const { db } = deps.store;
  const reference = createReference(db);

  return {
    async decideExpenseReport({ process, record }) {
      try {
        const view = await decideRecord(db, await reference(), { record, asOf: deps.now().toISOString() });
        const { outcome, findings, waits, remarks, total, postings, configHash } = view;
        const why = findings.length > 0 ? `: ${findings.map(({ code }) => code).join(', ')}` : waits === null ? '' : `: ${waits.message}`;
        await appendAudit(db, [{ process, actor: 'q2c', action: `expense.${outcome}`, object: process, system: null, message: `expense report over ${total.amount} ${total.currency} is ${outcome}${why}`, details: { record, outcome, codes: findings.map(({ code }) => code), remarks, postings: postings.map(({ key }) => key), configHash } }]);
        return view;
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async postExpense(input) {
      try {
        return await postOnce(deps, input, callContext(deps.log, input.key));
      } catch (error) {
        activityLog(deps.log).warn({ key: input.key, error: error instanceof Error ? error.message : String(error) }, 'the expense report is not posted yet');
        await auditNotOffered(deps, input.process, error);
        throw toTemporal(error);
      }
    },

    async settleExpense(input) {
      try {
        await settlePosting(deps, input);
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async publishExpense({ record }) {
      const { config } = await reference();
      return { facts: await publishExpenseFacts(db, record, config.expenseCategories) };
    },

    async answerExpense(input) {
      try {
        return await planExpenseAnswer(deps, input);
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async tellExpenseAnswer(input) {
      try {
        await tellExpenseAnswer(deps, input, callContext(deps.log, input.process));
      } catch (error) {
        activityLog(deps.log).warn({ system: input.system, error: error instanceof Error ? error.message : String(error) }, 'the submitter of an expense report is not told yet');
        throw toTemporal(error);
      }
    },

    async giveUpExpenseAnswer({ process, record, system, by, reason, how }) {
      const given = await giveUpAnswers(db, { records: [record] }, system);
      if (given.length > 0) await appendAudit(db, [{ process, actor: by, action: 'answers.given_up', object: process, system, message: `${by} told by hand what ${system} would not take: ${reason}`, details: { record, how } }]);
    },

    async waiveExpenseFindings({ process, record, findings, by, reason }) {
      await waive(db, { record, findings, by, reason });
      await appendAudit(db, [{ process, actor: by, action: 'findings.waived', object: process, system: null, message: `${by} let ${findings.map(({ code }) => code).join(', ')} pass: ${reason}`, details: { record, findings } }]);
    },

    async returnExpenseReport({ process, record, system, by, reason }) {
      const given = await db.transaction().execute(async (transaction) => {
        if (!(await returnReport(transaction, record))) return false;
        if (system !== undefined) await planReturn(transaction, { record, system, by, reason });
        return true;
      });
      if (given) await appendAudit(db, [{ process, actor: by, action: 'expense.returned', object: process, system: null, message: `${by} gave the report back: ${reason}`, details: { record } }]);
    },
  };
}
