import assert from 'node:assert/strict';
import { startProgress, type ProgressOutput } from '../../starters/month-end/progress.ts';

/** An output that keeps what was written, and a clock that stands until it is moved. */
function stage(parts: Partial<ProgressOutput> = {}) {
  const written: string[] = [];
  let at = 0;
  return { output: { ...parts, write: (text: string) => written.push(text) }, written, now: () => at, pass: (milliseconds: number) => { at += milliseconds; } };
}

const CLEAR_TO_END = '\u001b[K';

/** What one redraw shows: it goes back to the start of the line and clears what is left of it. */
function drawn(text: string): string {
  assert.ok(text.startsWith('\r') && text.endsWith(CLEAR_TO_END) && !text.includes('\n'), JSON.stringify(text));
  return text.slice(1, -CLEAR_TO_END.length);
}

const POSTING = { label: 'Posting', unit: 'entries', total: 160_000 };

describe('progress', () => {
  it('redraws one line on a terminal, with pace and time left, never wider than the terminal', () => {
    const { output, written, now, pass } = stage({ isTTY: true, columns: 100 });
    const progress = startProgress({ ...POSTING, output, now });
    pass(20_000);
    progress.update(40_000, '12 rejected');
    assert.equal(written.length, 1);
    const [line = ''] = written;
    assert.match(drawn(line), /^Posting \[█+░+\]  25 %  40,000 of 160,000 entries, 2,000\/s, 1:00 left, 12 rejected$/);
    assert.ok(drawn(line).length < 100);
  });

  it('does not redraw more often than ten times a second', () => {
    const { output, written, now, pass } = stage({ isTTY: true });
    const progress = startProgress({ ...POSTING, output, now });
    for (let done = 1; done <= 1_000; done += 1) {
      pass(1);
      progress.update(done);
    }
    assert.ok(written.length <= 11, `${written.length} redraws in a second`);
  });

  it('leaves out the bar, then the end of the line, on a narrow terminal', () => {
    const { output, written, now, pass } = stage({ isTTY: true, columns: 30 });
    const progress = startProgress({ ...POSTING, output, now });
    pass(5_000);
    progress.update(80_000);
    assert.equal(drawn(written[0] ?? ''), 'Posting  50 %  80,000 of 160…');
  });

  it('writes plain lines where there is no terminal: one for each tenth, and one after a long silence', () => {
    const { output, written, now, pass } = stage();
    const progress = startProgress({ ...POSTING, output, now });
    for (let done = 1_000; done <= 160_000; done += 1_000) {
      pass(500);
      progress.update(done);
    }
    assert.equal(written.length, 11);
    assert.equal(written[3], 'Posting: 48,000 of 160,000 entries (30 %), 2,000/s, 0:56 left\n');
    assert.ok(written.every((line) => line.endsWith('\n') && !line.includes('\r') && !line.includes('\u001b')));
  });

  it('says that it still runs while nothing moves', () => {
    const { output, written, now, pass } = stage();
    const progress = startProgress({ ...POSTING, output, now });
    progress.update(0);
    pass(16_000);
    progress.update(0, 'waiting for the ERP');
    assert.deepEqual(written, ['Posting: 0 of 160,000 entries (0 %)\n', 'Posting: 0 of 160,000 entries (0 %), waiting for the ERP\n']);
  });

  it('ends with what was done, how long it took and how fast, once', () => {
    const { output, written, now, pass } = stage();
    const progress = startProgress({ ...POSTING, output, now });
    progress.update(1);
    pass(160_000);
    progress.update(160_000);
    progress.finish('480 rejected');
    progress.finish();
    progress.update(5);
    assert.equal(written.at(-1), 'Posting: 160,000 entries in 2:40, 1,000/s, 480 rejected\n');
    assert.equal(written.filter((line) => line.includes(' in ')).length, 1);
  });

  it('says how far it came where it ends early', () => {
    const { output, written, now, pass } = stage({ isTTY: true });
    const progress = startProgress({ ...POSTING, output, now });
    pass(3_725_000);
    progress.update(100);
    progress.finish('stopped');
    assert.equal(written.at(-1), '\rPosting: 100 of 160,000 entries in 1:02:05, 0/s, stopped\u001b[K\n');
  });

  it('takes a total of nothing, and more than the total', () => {
    const { output, written, now } = stage();
    startProgress({ ...POSTING, total: 0, output, now }).update(0);
    startProgress({ ...POSTING, total: 10, output, now }).update(12);
    assert.deepEqual(written, ['Posting: 0 of 0 entries (100 %)\n', 'Posting: 12 of 10 entries (100 %)\n']);
  });

  it('lets no control characters of a note through', () => {
    const { output, written, now } = stage();
    startProgress({ ...POSTING, output, now }).update(0, 'page\u001b[2J\r\ndone');
    assert.equal(written[0], 'Posting: 0 of 160,000 entries (0 %), page [2J done\n');
  });
});
