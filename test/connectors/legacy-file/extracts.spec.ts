import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf } from '../../../connectors/legacy-file/keys.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { NONE, startErp, type TestErp } from './environment.ts';

/** Asks for a new extract, as reconciliation does. */
async function askForExtract(erp: ErpPort): Promise<void> {
  assert.ok(!isUnsupported(erp.labor));
  await erp.labor.totals({ legalEntity: 'US01', from: '2026-01-01', to: '2026-01-01' }, callContext());
}

describe('The extracts of a legacy ERP', function () {
  this.timeout(30_000);
  let ledger: TestErp;
  let erp: ErpPort;
  before(async () => {
    ledger = await startErp();
    erp = ledger.connect();
  });
  after(() => ledger?.close());

  const customerOf = () => ({ document: dealOf(uniqueTag()).customer, references: NONE });
  const writeCustomer = (document: ReturnType<typeof customerOf>) => erp.customer.write(document, null, callContext());
  const numberOf = async ({ document }: ReturnType<typeof customerOf>) => (await ledger.entries('customers')).find(({ id }) => id === keyOf(document.id))?.number;
  const extract = () => askForExtract(erp);

  it('finds in acknowledgements what came after the newest extract, and in the extract what came before', async () => {
    const [early, gone, late] = [customerOf(), customerOf(), customerOf()];
    for (const each of [early, gone]) await writeCustomer(each);
    await extract();
    await writeCustomer(late);
    await erp.customer.undo({ document: gone, externalId: '', created: true }, callContext());
    const fresh = ledger.connect();
    const found = await Promise.all([early, gone, late].map((each) => fresh.customer.find(each, callContext())));
    assert.deepEqual(found.map((each) => each?.externalId), [await numberOf(early), undefined, await numberOf(late)]);
  });

  it('does not find again what was deleted before the extract, whose acknowledgement still lies there', async () => {
    const document = customerOf();
    await writeCustomer(document);
    await erp.customer.undo({ document, externalId: '', created: true }, callContext());
    await extract();
    assert.equal(await ledger.connect().customer.find(document, callContext()), null);
  });

  it('uses the extract before, where the newest is damaged', async () => {
    const document = customerOf();
    await writeCustomer(document);
    await extract();
    await extract();
    const newest = (await ledger.files('out')).filter((name) => /^extract-\d+\.customers\.csv$/.test(name)).at(-1) ?? '';
    await writeFile(join(ledger.folder, 'out', newest), 'external_key,number\r\nhalf');
    assert.equal((await ledger.connect().customer.find(document, callContext()))?.externalId, await numberOf(document));
  });

  it('uses the extract before, where the newest is no CSV though it is what its manifest says', async () => {
    const document = customerOf();
    await writeCustomer(document);
    await extract();
    await extract();
    const manifest = (await ledger.files('out')).filter((name) => /^extract-\d+\.manifest\.csv$/.test(name)).at(-1) ?? '';
    const broken = Buffer.from('external_key,number,status,change\r\nx,"C1,ACTIVE,1\r\n');
    const told = (await ledger.text(`out/${manifest}`)).replace(/(,customers,[^,]+),\d+,\d+,[0-9a-f]{64}/, `$1,1,${broken.length},${createHash('sha256').update(broken).digest('hex')}`);
    await writeFile(join(ledger.folder, 'out', manifest.replace('manifest', 'customers')), broken);
    await writeFile(join(ledger.folder, 'out', manifest), told);
    assert.equal((await ledger.connect().customer.find(document, callContext()))?.externalId, await numberOf(document));
  });

  it('says what is wrong where no extract can be used', async () => {
    await extract();
    await extract();
    for (const name of await ledger.files('out')) {
      if (/^extract-\d+\.customers\.csv$/.test(name)) await writeFile(join(ledger.folder, 'out', name), '<html>disk full</html>');
    }
    const failure = await failureOf(() => ledger.connect().customer.find(customerOf(), callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'LEGACY_EXTRACT_DAMAGED', 'no']);
    await extract();
    assert.equal(await ledger.connect().customer.find(customerOf(), callContext()), null, 'until there is a new one');
  });

  it('finds one record among more than a thousand', async () => {
    await ledger.admin.seed({ customers: Array.from({ length: 1200 }, (_, index) => ({ id: `many-${index}`, fields: { name: `Customer ${index}` } })) });
    const document = customerOf();
    await writeCustomer(document);
    await extract();
    assert.equal((await ledger.connect().customer.find(document, callContext()))?.externalId, await numberOf(document));
  });
});

describe('A legacy ERP in ISO 8859-1', function () {
  this.timeout(30_000);
  let ledger: TestErp;
  let erp: ErpPort;
  before(async () => {
    ledger = await startErp({ encoding: 'iso-8859-1' });
    erp = ledger.connect({ encoding: 'iso-8859-1' });
  });
  after(() => ledger?.close());
  const nameOf = async (name: string): Promise<string | undefined> => {
    const { customer } = dealOf(uniqueTag(), { customer: { name } });
    await erp.customer.write({ document: customer, references: NONE }, null, callContext());
    return (await ledger.entries('customers')).find(({ id }) => id === keyOf(customer.id))?.fields['name'];
  };

  it('keeps what its character set has, and writes the rest as near as it can', async () => {
    assert.equal(await nameOf('Müller & Søn “Łódź” – Œuvre, 100 €'), 'Müller & Søn "Lódz" - OEuvre, 100 EUR');
    assert.equal(await nameOf('Zażółć 株式会社 GmbH'), 'Zazólc ???? GmbH');
    assert.equal(await nameOf('Back\\slash\tand\nbreak'), 'Back\\slash and\nbreak');
  });

  it('leaves a name to people of which nothing would remain', async () => {
    const failure = await failureOf(() => nameOf('株式会社'));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'LEGACY_NAME_NOT_WRITABLE', 'no']);
    assert.match(failure.mend, /Latin letters/);
  });

  it('finds in its extract what it was sent', async () => {
    const { customer } = dealOf(uniqueTag(), { customer: { name: 'Ærø Ÿÿ' } });
    const { externalId } = await erp.customer.write({ document: customer, references: NONE }, null, callContext());
    await askForExtract(erp);
    assert.equal((await ledger.connect({ encoding: 'iso-8859-1' }).customer.find({ document: customer, references: NONE }, callContext()))?.externalId, externalId);
  });
});
