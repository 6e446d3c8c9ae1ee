import { z } from 'zod';
import type { BillingMethod } from '../../domain/model/billing.ts';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { exactNumber } from '../exact-number.ts';
import type { About, Oracle } from './client.ts';
import type { OracleOptions } from './options.ts';
import { idValue } from './rows.ts';

const planRow = z.object({ BillPlanId: idValue, BillPlanName: z.string() });
const lineRow = z.object({ ItemNameTxt: z.string().nullish(), BillPlanId: idValue.nullish(), RevenuePlanId: idValue.nullish() });

type Body = { readonly BillPlanName: string };
/** By the child collection of the contract. Revenue plans have their ID and name under the names of bill plans. */
type Plans = { readonly BillPlan: readonly Body[]; readonly RevenuePlan: readonly Body[] };

const KINDS = [['BillPlan', 'BillPlanId', 'Bill'], ['RevenuePlan', 'RevenuePlanId', 'Revenue']] as const;
/** At most 30 characters. */
const nameOf = (kind: 'Bill' | 'Revenue', method: BillingMethod): string => `${kind} ${method.replaceAll('_', ' ')}`;

/** One bill plan and one revenue plan for each billing method that is sold, where the options have it; without, finance adds them. */
export function plansOf(document: StatementOfWork, accountNumber: string, options: OracleOptions): Plans {
  const terms = options.paymentTerms[String(document.paymentTermsDays)];
  const methods = [...new Set(document.lines.map((line) => line.billingMethod))].flatMap((method) => {
    const plan = options.billPlans[method];
    return plan === undefined ? [] : [{ method, plan }];
  });
  return {
    BillPlan: methods.map(({ method, plan }) => ({
      BillPlanName: nameOf('Bill', method), BillMethodName: plan.method, BillingCurrencyType: 'Contract', BillSetNumber: 1, BillToAccountNumber: accountNumber,
      ...given({ PaymentTerms: terms, BillingCycle: plan.cycle, LaborInvoiceFormat: plan.laborFormat, NonlaborInvoiceFormat: plan.nonlaborFormat, EventInvoiceFormat: plan.eventFormat }),
    })),
    RevenuePlan: methods.flatMap(({ method, plan }) => (plan.revenueMethod === undefined ? [] : [{ BillPlanName: nameOf('Revenue', method), BillMethodName: plan.revenueMethod }])),
  };
}

/** Adds the plans that the contract lacks, and gives each of its lines that has none the plan of its billing method. What is there stays as it is. */
export async function writePlans(oracle: Oracle, contractSelf: string, document: StatementOfWork, plans: Plans, about: About): Promise<void> {
  const wanted = KINDS.filter(([collection]) => plans[collection].length > 0);
  if (wanted.length === 0) return;
  const ids = new Map<string, string>();
  for (const [collection] of wanted) {
    const path = `${contractSelf}/child/${collection}`;
    for (const plan of await oracle.list(path, { fields: ['BillPlanId', 'BillPlanName'] }, planRow, about)) ids.set(plan.BillPlanName, plan.BillPlanId);
    for (const body of plans[collection]) if (!ids.has(body.BillPlanName)) ids.set(body.BillPlanName, (await oracle.create(path, body, planRow, about)).BillPlanId);
  }
  const methods = new Map(document.lines.map((line) => [line.projectNumber, line.billingMethod]));
  for (const line of await oracle.list(`${contractSelf}/child/ContractLine`, { fields: ['ItemNameTxt', 'BillPlanId', 'RevenuePlanId'] }, lineRow, about)) {
    const method = methods.get(line.ItemNameTxt ?? '');
    const missing = method === undefined ? [] : wanted.flatMap(([, field, kind]) => {
      const id = line[field] == null ? ids.get(nameOf(kind, method)) : undefined;
      return id === undefined ? [] : [[field, exactNumber(id)] as const];
    });
    if (missing.length > 0) await oracle.update(line.self, Object.fromEntries(missing), line.etag, about);
  }
}

function given(values: Readonly<Record<string, string | undefined>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
