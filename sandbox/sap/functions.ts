/** Function imports of API_ENTERPRISE_PROJECT_SRV. */
import { malformed, noSuchRecord, versionMissing } from './errors.ts';
import { literal } from './filter.ts';
import type { Answer, Asked, Service } from './operations.ts';
import { follow } from './project-rules.ts';
import { readOf } from './reading.ts';
import { typeOf } from './entity-types.ts';
import { textOf, type Row } from './system.ts';

const GUID = { kind: 'guid' } as const;
const CODE = { kind: 'text', max: 2 } as const;
const NAMES = ['ChangeEntProjProcgStatus', 'ChangeEntProjElmntProcgStatus', 'ChangeEntProjElmntPosition'];

/** Undefined where there is no such function. @throws Refusal */
export function performFunction(service: Service, path: string, name: string, { query, ifMatch }: Asked): Answer | undefined {
  if (path !== 'API_ENTERPRISE_PROJECT_SRV;v=0002' || !NAMES.includes(name)) return undefined;
  if (ifMatch === undefined) throw versionMissing('CDS~A_ENTERPRISEPROJECT_2');
  const { system } = service;
  const parameter = (key: string, spec: typeof GUID | typeof CODE): string => {
    const text = query.get(key);
    if (text === null) throw malformed(`Parameter ${key} of function ${name} is missing`);
    return textOf(literal(spec, text, key));
  };
  const set = name === 'ChangeEntProjProcgStatus' ? 'A_EnterpriseProject' : 'A_EnterpriseProjectElement';
  const key = set === 'A_EnterpriseProject' ? 'ProjectUUID' : 'ProjectElementUUID';
  const row = system.byKey(set, { [key]: parameter(key, GUID) });
  if (row === undefined) throw noSuchRecord(typeOf(set).name);
  const changed = name === 'ChangeEntProjElmntPosition' ? move(service, row, parameter('ParentObjectUUID', GUID), parameter('LeftSiblingUUID', GUID)) : setStatus(service, set, row, parameter('ProcessingStatus', CODE));
  return { status: 200, headers: {}, body: { d: readOf(service, typeOf(set), changed, new URLSearchParams()) } };
}

function setStatus({ system }: Service, set: string, row: Row, status: string): Row {
  follow(textOf(row.values['ProcessingStatus']), status);
  return system.put(set, row, { ...row.values, ProcessingStatus: status });
}

function move({ system }: Service, row: Row, parent: string, leftSibling: string): Row {
  if (!/^[0-]+$/.test(leftSibling) && system.byKey('A_EnterpriseProjectElement', { ProjectElementUUID: leftSibling }) === undefined) throw noSuchRecord('A_EnterpriseProjectElementType');
  if (system.byKey('A_EnterpriseProjectElement', { ProjectElementUUID: parent }) === undefined) throw noSuchRecord('A_EnterpriseProjectElementType');
  return system.put('A_EnterpriseProjectElement', row, { ...row.values, ParentObjectUUID: parent });
}
