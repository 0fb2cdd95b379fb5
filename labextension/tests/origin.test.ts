import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverPath } from '../src/models/run/origin';

test('a notebook is named from the folder of the server', () => {
  assert.equal(serverPath('/home/ann/work/a.ipynb', '/home/ann'), 'work/a.ipynb');
  assert.equal(serverPath('/home/ann/work/a.ipynb', '/home/ann/'), 'work/a.ipynb');
  assert.equal(serverPath('/srv/a.ipynb', '/'), 'srv/a.ipynb');
  assert.equal(serverPath('work/a.ipynb', '/srv'), 'work/a.ipynb');
});

test('the home folder that Jupyter writes as ~ is the one that the notebook is in', () => {
  assert.equal(serverPath('/home/ann/work/a.ipynb', '~'), 'work/a.ipynb');
  assert.equal(serverPath('/home/ann/work/a.ipynb', '~/work'), 'a.ipynb');
  assert.equal(serverPath('/root/a.ipynb', '~'), 'a.ipynb');
  assert.equal(serverPath('/Users/ann/a.ipynb', '~'), 'a.ipynb');
});

test('a notebook that is not below the folder of the server cannot be opened', () => {
  for (const [notebook, root] of [
    [null, '/srv'],
    ['', '/srv'],
    ['/home/ann2/a.ipynb', '/home/ann'],
    ['/home/ann/a.ipynb', '/home/ann/work'],
    ['/home/ann/a.ipynb', '~/work'],
    ['/rooted/a.ipynb', '~'],
    ['/srv/~/a.ipynb', '/srv/~/b']
  ] as const) {
    assert.equal(serverPath(notebook, root), null, `${notebook} below ${root}`);
  }
});
