import assert from 'node:assert/strict';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { NONE, offered, startSystem } from './environment.ts';

describe('A customer in SAP whose number is not that of its business partner', function () {
  this.timeout(30_000);

  it('gets further company codes and sales areas, and orders, under its own', async () => {
    const other = await startSystem({ ownCustomerNumbers: true });
    try {
      const port = other.connect();
      const deal = dealOf(uniqueTag());
      const { externalId } = await port.customer.write({ document: deal.customer, references: NONE }, null, callContext());
      const partners = await other.rows('A_BusinessPartner');
      const number = partners[0]?.['Customer'];
      assert.ok(typeof number === 'string' && number !== externalId);
      const wider = { ...deal.customer, legalEntities: ['US01', 'DE01'] };
      await port.customer.write({ document: wider, references: NONE }, await port.customer.find({ document: wider, references: NONE }, callContext()), callContext());
      assert.deepEqual((await other.rows('A_CustomerCompany')).map((row) => [row['Customer'], row['CompanyCode']]), [[number, '1710'], [number, '1010']]);
      assert.deepEqual((await other.rows('A_CustomerSalesArea')).map((row) => [row['Customer'], row['SalesOrganization']]), [[number, '1710'], [number, '1010']]);
      const references = { ...NONE, customers: { [deal.customer.id]: externalId } };
      const contract = await offered(port.contract).write({ document: deal.contract, references }, null, callContext());
      assert.deepEqual((await other.rows('A_SalesOrder')).map((row) => [row['SalesOrder'], row['SoldToParty']]), [[contract.externalId, number]]);
    } finally {
      await other.close();
    }
  });
});
