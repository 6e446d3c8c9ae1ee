import assert from 'node:assert/strict';
import { aPerson, aProject, anAssignment, anApproval, anEntry, aRate, aTimesheet } from '../builders/time.ts';
import { startSystem, type TestSystem } from '../connectors/sap/environment.ts';
import { uniqueTag } from '../connectors/conformance/documents.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const DAYS = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];

describe('Approved time into SAP S/4HANA Cloud', function () {
  this.timeout(60_000);
  let system: TestSystem;
  let line: TimeLine;
  let person = '';
  let projectNumber = '';
  let id = '';

  before(async () => {
    system = await startSystem();
    const erp = system.connect();
    line = await startTimeLine({}, { overlays: ['sap'], systems: (inMemory) => ({ ...inMemory, erp: () => erp }) });
  });
  after(async () => {
    await line?.stop();
    await system?.close();
    await stopTemporalServer();
  });
  beforeEach(async () => {
    const tag = uniqueTag();
    person = `ada.${tag}@northwind-consulting.example`;
    projectNumber = `US01-TECH-${tag.toUpperCase()}`;
    id = `TS-${tag}`;
    const ProjectUUID = crypto.randomUUID();
    await system.admin.seed({
      A_EnterpriseProject: [{ ProjectUUID, Project: projectNumber, ProjectDescription: 'Cloud migration', ProcessingStatus: '10' }],
      A_EnterpriseProjectElement: [{ ProjectElementUUID: ProjectUUID, ProjectUUID, ProjectElement: projectNumber, ProjectElementDescription: 'Cloud migration' }],
      YY1_Q2CPEOPLE: [{ PersonWorkAgreementExternalID: `E${tag}`, CompanyCode: '1710', DefaultEmailAddress: person }],
    });
    await line.knows({ people: [aPerson({ email: person })], projects: [aProject({ number: projectNumber })], assignments: [anAssignment({ person, projectNumber })], rates: [aRate({ projectNumber })] });
  });
  afterEach(() => system.admin.clearFaults());

  const aWeek = (hours: string, version = 1) => aTimesheet(
    DAYS.map((workDate, day) => anEntry({ id: `${id}-${day}`, version, replaces: version === 1 ? null : { id: `${id}-${day}`, version: version - 1 }, person, projectNumber, workDate, hours })),
    { id, version, replaces: version === 1 ? null : { id, version: version - 1 }, approval: anApproval({ of: { id, version } }) },
  );
  const inSap = async () => (await system.rows('TimeSheetEntryCollection')).flatMap((row) => {
    const fields = Object(row['TimeSheetDataFields']);
    return fields['WBSElement'] === projectNumber ? [`${String(row['TimeSheetDate'])} ${String(fields['RecordedHours'])} ${String(row['TimeSheetStatus'])}`] : [];
  });

  it('leaves an entry for each day, once, also where the connection breaks after they were written', async () => {
    await system.admin.fault({ kind: 'cut-after', method: 'POST', path: 'TIMESHEET/\\$batch$' });
    await line.submit(aWeek('7.75'));
    await line.posted();
    assert.deepEqual((await inSap()).toSorted(), DAYS.map((date) => `${date} 7.75 30`));
  });

  it('cancels what a correction replaces, and leaves the hours of the correction', async () => {
    await line.submit(aWeek('8'));
    await line.posted();
    await line.submit(aWeek('6', 2));
    await line.posted();
    assert.deepEqual((await inSap()).toSorted(), DAYS.flatMap((date) => [`${date} 6 30`, `${date} 8 60`]));
  });
});
