import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { salesforceOptionsSchema } from '../../connectors/salesforce/options.ts';
import type { ChangeEvent } from '../../connectors/salesforce/pubsub/change-event.ts';
import { dealEvent, meaningOf, type Rules } from '../../starters/change-events/sort-out.ts';

const OWN_USER = '0055g000000000BAAQ';
const DEAL = '0065g00000ABCDEAA4';
const rules: Rules = { options: { ...salesforceOptionsSchema.parse({}), wonStages: ['Closed Won', 'Signed'] }, ownUserId: OWN_USER };
const written = ['Delivery_Status__c', 'Delivery_Message__c', 'Delivery_Projects__c', 'Delivery_Updated_At__c', 'LastModifiedDate', 'LastModifiedById'];

function event(changes: Partial<ChangeEvent> = {}): ChangeEvent {
  return { entity: 'Opportunity', recordIds: [DEAL], changeType: 'UPDATE', commitAt: '2026-11-21T08:00:00.100Z', commitUser: '0055g000000000CAAQ', client: null, transactionKey: 't', changedFields: ['Amount', 'LastModifiedDate'], nulledFields: [], fields: {}, ...changes };
}

describe('What a change event means to the line', () => {
  it('a deal set to any of the stages that mean won is looked at, another only where it is known', () => {
    for (const stage of ['Closed Won', 'Signed']) assert.deepEqual(meaningOf(event({ fields: { StageName: stage } }), rules), { deals: [DEAL], onlyKnown: false, sweep: null });
    assert.deepEqual(meaningOf(event({ fields: { StageName: 'Closed Lost' } }), rules), { deals: [DEAL], onlyKnown: true, sweep: null });
    assert.deepEqual(meaningOf(event(), rules), { deals: [DEAL], onlyKnown: true, sweep: null });
    assert.deepEqual(meaningOf(event({ changeType: 'DELETE', changedFields: [] }), rules), { deals: [DEAL], onlyKnown: true, sweep: null });
  });

  it('our own write-back is nothing, whether Salesforce names our program or only our user', () => {
    for (const ours of [{ client: 'q2c' }, { commitUser: OWN_USER }, { commitUser: OWN_USER.slice(0, 15) }]) assert.deepEqual(meaningOf(event({ ...ours, changedFields: written }), rules).deals, []);
  });

  it('what our user changed beside the fields we write is news, and so is what others wrote into ours', () => {
    assert.deepEqual(meaningOf(event({ commitUser: OWN_USER, changedFields: [...written, 'Amount'] }), rules).deals, [DEAL]);
    assert.deepEqual(meaningOf(event({ client: 'q2c', changedFields: ['StageName'], fields: { StageName: 'Closed Won' } }), rules).onlyKnown, false);
    assert.deepEqual(meaningOf(event({ changedFields: written }), rules).deals, [DEAL]);
    assert.deepEqual(meaningOf(event({ commitUser: OWN_USER, changeType: 'GAP_UPDATE', changedFields: [] }), rules).deals, [DEAL]);
    assert.deepEqual(meaningOf(event({ commitUser: '', changedFields: written }), { ...rules, ownUserId: null }).deals, [DEAL]);
  });

  it('records that changed alike in one event are deals of their own', () => {
    const other = '0065g00000ABCDFAA4';
    const came = event({ recordIds: [DEAL, other], fields: { StageName: 'Closed Won' } });
    assert.deepEqual(meaningOf(came, rules).deals, [DEAL, other]);
    const received = { id: 'e-1', schemaId: 's', payload: Buffer.alloc(0), content: came };
    const ids = [DEAL, other].map((id) => dealEvent(received, came, id, { system: 'salesforce', topic: '/data/OpportunityChangeEvent' }).eventId);
    assert.equal(new Set(ids).size, 2);
  });

  it('takes the record\'s own time of change for its version, else that of the commit', () => {
    const version = (changes: Partial<ChangeEvent>) => {
      const came = event(changes);
      return dealEvent({ id: 'e-1', schemaId: 's', payload: Buffer.alloc(0), content: came }, came, DEAL, { system: 'salesforce', topic: 't' }).version;
    };
    assert.equal(version({ fields: { LastModifiedDate: Date.parse('2026-11-21T08:00:00.000Z') } }), '2026-11-21T08:00:00.000Z');
    assert.equal(version({ changeType: 'GAP_UPDATE' }), '2026-11-21T08:00:00.100Z');
    assert.equal(version({ entity: 'OpportunityLineItem', fields: { LastModifiedDate: 0 } }), '2026-11-21T08:00:00.100Z');
  });

  it('what says that something changed but not what is the sweep\'s to find', () => {
    assert.match(meaningOf(event({ changeType: 'GAP_OVERFLOW', recordIds: [] }), rules).sweep ?? '', /more changed at once/);
    assert.match(meaningOf(event({ recordIds: ['006*'] }), rules).sweep ?? '', /more changed at once/);
    assert.match(meaningOf(event({ entity: 'OpportunityLineItem' }), rules).sweep ?? '', /names no deal/);
    assert.deepEqual(meaningOf(event({ entity: 'OpportunityLineItem', fields: { OpportunityId: DEAL } }), rules), { deals: [DEAL], onlyKnown: true, sweep: null });
    assert.deepEqual(meaningOf(event({ entity: 'Account', changeType: 'GAP_OVERFLOW' }), rules), { deals: [], onlyKnown: true, sweep: null });
  });
});
