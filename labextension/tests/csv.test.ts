import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvLine } from '../src/models/common/csv';

test('quotes, commas and line ends of a value stay in its field', () => {
  assert.equal(csvLine(['a,b', 'say "hi"', 'one\ntwo', 3]), '"a,b","say ""hi""","one\ntwo",3');
});

test('what is not there is an empty field', () => {
  assert.equal(csvLine([null, undefined, 0, '']), ',,0,');
});

for (const text of ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\tx', '-', '+']) {
  test(`${JSON.stringify(text)} is no formula in a spreadsheet`, () => {
    assert.equal(csvLine([text]), `'${text}`);
  });
}

test('a formula that has to be quoted stays harmless within its quotes', () => {
  assert.equal(csvLine(['=HYPERLINK("x","y")', '\r=1']), '"\'=HYPERLINK(""x"",""y"")","\'\r=1"');
});

for (const value of [-1.5, '-1.5', '+2', '-Infinity', -Infinity, '-1e-7', 'NaN']) {
  test(`${JSON.stringify(value)} (${String(value)}) stays a number`, () => {
    assert.equal(csvLine([value]), String(value));
  });
}
