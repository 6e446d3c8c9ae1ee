import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Finding } from '../../domain/findings.ts';
import type { CaseInput, CaseTerms, Resolution } from '../../domain/process/exception-case.ts';
import { judgeResolution } from '../../domain/rules/exceptions/judge-resolution.ts';
import { policyFor, secondPersonNeeded } from '../../domain/rules/exceptions/policy.ts';
import { theFirm } from '../builders/firm.ts';

const finding = (parts: Partial<Finding> = {}): Finding => ({ code: 'RATE_BELOW_CARD', kind: 'business_rule', path: 'lines[0].unitPrice', message: 'too low', mend: 'raise it', overridable: true, ...parts });

describe('A person who resolves a case', () => {
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  function judge(wish: Partial<Resolution>, settings: { readonly amount?: string; readonly findings?: readonly Finding[]; readonly code?: string; readonly first?: Resolution } = {}) {
    const input: CaseInput = {
      process: 'closed-won/salesforce/1',
      code: settings.code ?? 'RATE_BELOW_CARD',
      kind: 'business_rule',
      subject: 'deal Claims platform',
      message: 'too low',
      mend: 'raise it',
      findings: settings.findings ?? [finding()],
      system: null,
      legalEntity: 'US01',
      deal: 'salesforce/1',
      amount: { amount: settings.amount ?? '8800.00', currency: 'USD' },
      evidence: null,
      postingKey: null,
      configHash: null,
      without: [],
    };
    const policy = policyFor(input.code, config);
    const terms: CaseTerms = {
      policy,
      actions: policy.actions,
      openedAt: '2026-11-21T09:00:00.000Z',
      remindAt: null,
      dueAt: '2026-11-22T09:00:00.000Z',
      secondPerson: secondPersonNeeded(policy, input.amount, config),
      configHash: null,
      rerouteTo: ['tryton'],
    people: Object.fromEntries(config.people.map((person) => [person.id, person.roles])),
    };
    return judgeResolution({ action: 'override', by: 'fiona', reason: 'agreed with the client', ...wish }, input, terms, settings.first ?? null);
  }
  const first: Resolution = { action: 'override', by: 'fiona', reason: 'agreed with the client' };

  it('may override with a role that the policy names', () => {
    assert.equal(judge({}).verdict, 'accepted');
  });

  it('may not override without such a role', () => {
    assert.deepEqual(judge({ by: 'ines' }), { verdict: 'refused', reason: 'An override of RATE_BELOW_CARD needs the role finance_operations or controller; ines has integration_support.' });
  });

  it('may not claim a role of others', () => {
    assert.deepEqual(judge({ by: 'ines', role: 'controller' }), { verdict: 'refused', reason: 'ines does not have the role controller, only integration_support.' });
  });

  it('must be known, and no trick with names helps', () => {
    for (const by of ['nobody', 'constructor', '__proto__', 'toString']) {
      for (const action of ['override', 'correct'] as const) {
        const judgement = judge({ by, action });
        assert.ok(judgement.verdict === 'refused' && judgement.reason.startsWith(`"${by}" is not known`), `${by} ${action}`);
      }
    }
  });

  it('may only do what the policy permits', () => {
    assert.equal(judge({ action: 'reroute', system: 'tryton' }).verdict, 'refused');
  });

  it('may not let pass what no rule lets pass', () => {
    assert.deepEqual(judge({ by: 'carla' }, { code: 'DEAL_NOT_READY', findings: [finding(), finding({ code: 'CURRENCY_NOT_BILLED', overridable: false })] }), {
      verdict: 'refused',
      reason: 'CURRENCY_NOT_BILLED cannot be overridden: correct the deal or the configuration.',
    });
  });

  describe('when much is at stake', () => {
    const amount = '250000.00';

    it('needs a second person', () => {
      assert.equal(judge({}, { amount }).verdict, 'needs_second_person');
    });

    it('is not the second person as well', () => {
      assert.equal(judge({}, { amount, first }).verdict, 'refused');
    });

    it('is joined by another with such a role', () => {
      assert.equal(judge({ by: 'felix' }, { amount, first }).verdict, 'accepted');
      assert.equal(judge({ by: 'ines' }, { amount, first }).verdict, 'refused');
    });

    it('does not escape the second person because there are more findings', () => {
      assert.equal(judge({ by: 'carla' }, { code: 'DEAL_NOT_READY', amount: '60000.00', findings: [finding(), finding({ code: 'TAX_REGISTRATION_MISSING' })] }).verdict, 'needs_second_person');
    });
  });

  it('names the record when confirming that a write was done, and the system when rerouting', () => {
    assert.equal(judge({ action: 'confirm_done' }, { code: 'NETSUITE_NO_ANSWER' }).verdict, 'refused');
    assert.equal(judge({ action: 'confirm_done', externalId: '4711' }, { code: 'NETSUITE_NO_ANSWER' }).verdict, 'accepted');
    assert.deepEqual(judge({ action: 'reroute', system: 'harvest' }, { code: 'NETSUITE_NO_ANSWER' }), { verdict: 'refused', reason: '"harvest" cannot take over from this system; possible: tryton.' });
    assert.equal(judge({ action: 'reroute' }, { code: 'NETSUITE_NO_ANSWER' }).verdict, 'refused');
    assert.equal(judge({ action: 'reroute', system: 'tryton' }, { code: 'NETSUITE_NO_ANSWER' }).verdict, 'accepted');
    assert.equal(judge({ action: 'reroute', system: 'harvest' }, { code: 'NETSUITE_NO_ANSWER' }).verdict, 'refused');
  });
});
