import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { readAcknowledgement } from '../../../connectors/legacy-file/acknowledgement.ts';
import { sha256 } from '../../../connectors/legacy-file/batch.ts';
import { fieldsOf, TABLES, type Field, type TableName } from '../../../connectors/legacy-file/tables.ts';
import { BATCHES, CONTROL, fieldsOf as layoutOf } from '../../../sandbox/legacy/layout.ts';
import { readItems, readManifest } from '../../../sandbox/legacy/reading.ts';

const isTable = (name: string): name is TableName => Object.hasOwn(TABLES, name);
const TYPES: Readonly<Record<Field['kind'], string>> = { key: 'key', code: 'code', text: 'text', name: 'text', date: 'date', whole: 'number', decimal: 'number', flag: 'Y or N' };
const LETTERS: Readonly<Record<string, string>> = { k: 'key', a: 'code', x: 'text', d: 'date', n: 'number', f: 'Y or N' };

const typeOf = (name: string, length: number, digits: number) => (name === 'date' || name === 'Y or N' ? name : name === 'number' ? `number ${length}.${digits}` : `${name} ${length}`);

describe('docs/legacy-erp.md', () => {
  let text: string;
  before(async () => {
    text = await readFile(new URL('../../../docs/legacy-erp.md', import.meta.url), 'utf8');
  });
  const documented = () =>
    new Map([...text.matchAll(/^#### (\w+)\n\n\| field .*\n\|.*\n((?:\|.*\n)+)/gm)].map(([, table = '', rows = '']) => [
      table,
      rows.trim().split('\n').map((row) => {
        const [, name = '', type = '', required = '', note = ''] = row.split('|').map((cell) => cell.trim());
        return { name: name.replaceAll('`', ''), type, required: required === 'yes', control: note.includes('**control total**') };
      }),
    ]));

  it('tells of every table what the line sends, field by field in order', () => {
    const tables = documented();
    assert.deepEqual([...tables.keys()].toSorted(), Object.keys(TABLES).toSorted());
    for (const [table, fields] of tables) {
      assert.ok(isTable(table));
      assert.deepEqual(fields, fieldsOf(table).map((field) => ({ name: field.name, type: typeOf(TYPES[field.kind], field.length, field.digits ?? 0), required: field.required, control: field.name === TABLES[table].control })), table);
    }
  });

  it('tells what the sandbox\'s import job takes, which was written from it', () => {
    for (const [table, fields] of documented()) {
      assert.ok(isTable(table));
      assert.deepEqual(fields, layoutOf(table).map((field) => ({ name: field.name, type: typeOf(LETTERS[field.kind] ?? '', field.length, field.digits), required: field.required, control: field.name === CONTROL[table] })), table);
    }
    assert.deepEqual(Object.values(BATCHES).flat().toSorted(), Object.keys(TABLES).toSorted());
  });

  it('has examples that belong together', () => {
    const [manifest = '', file = '', acknowledgement = ''] = [...text.matchAll(/```csv\n([\s\S]*?)```/g)].map((match) => (match[1] ?? '').replaceAll('\n', '\r\n'));
    const name = manifest.split('\r\n')[1]?.split(',')[0] ?? '';
    const announced = readManifest(name, Buffer.from(manifest), 'utf-8');
    const [item] = readItems(announced, new Map([[`${name}.project_status.csv`, Buffer.from(file)]]), 'utf-8');
    const told = readAcknowledgement(Buffer.from(acknowledgement), 'utf-8');
    assert.deepEqual([told.batch, told.sha256, told.records.map(({ key, status }) => [key, status])], [name, sha256(Buffer.from(manifest)), [[item?.key, item?.values['status']]]]);
  });
});
