import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { saveAddress, saveText } from '../src/views/common/saving';

/** What a browser was told to download, and which addresses it still holds. */
function aBrowser(t: TestContext) {
  const saved: { href: string; download: string }[] = [];
  const held = new Map<string, Blob>();
  const timers: { turn(): void; after: number }[] = [];
  const before = { document: globalThis.document, window: globalThis.window };
  const [make, drop] = [URL.createObjectURL, URL.revokeObjectURL];
  const link = () => ({
    href: '',
    download: '',
    click() {
      saved.push({ href: this.href, download: this.download });
    }
  });
  Object.assign(globalThis, {
    document: { createElement: link },
    window: { setTimeout: (turn: () => void, after: number) => timers.push({ turn, after }) }
  });
  URL.createObjectURL = blob => {
    held.set('blob:1', blob as Blob);
    return 'blob:1';
  };
  URL.revokeObjectURL = address => void held.delete(address);
  t.after(() => {
    Object.assign(globalThis, before);
    [URL.createObjectURL, URL.revokeObjectURL] = [make, drop];
  });
  return { saved, held, timers };
}

test('a download is one file of one name, in no folder', t => {
  const { saved } = aBrowser(t);

  saveAddress('data:,', '../a/b\\c/loss.png');

  assert.deepEqual(saved, [{ href: 'data:,', download: '.._a_b_c_loss.png' }]);
});

test('a text is there until the browser has saved it', async t => {
  const { saved, held, timers } = aBrowser(t);

  saveText('a,b\r\n', 'runs/all.csv', 'text/csv');

  assert.deepEqual(saved, [{ href: 'blob:1', download: 'runs_all.csv' }]);
  const blob = held.get('blob:1')!;
  assert.deepEqual([await blob.text(), blob.type], ['a,b\r\n', 'text/csv']);
  assert.ok(timers[0].after >= 10_000);
  timers[0].turn();
  assert.equal(held.size, 0);
});
