import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visible } from '../src/models/common/visible';

const range = (first: number, last = first) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** All that cannot be seen and changes what is seen. */
const HIDDEN = [
  ...range(0x00, 0x08),
  ...range(0x0b, 0x0c),
  ...range(0x0e, 0x1f),
  ...range(0x7f, 0x9f),
  0x061c,
  0x200b,
  ...range(0x200e, 0x200f),
  ...range(0x202a, 0x202e),
  0x2060,
  ...range(0x2066, 0x2069),
  0xfeff
];

test('every character that hides or turns others is seen, and every other is itself', () => {
  const changed = range(0, 0xffff).filter(code => {
    const character = String.fromCharCode(code);
    return visible(character) !== character;
  });

  assert.deepEqual(changed, HIDDEN);
});

test('a sign tells which character it stands for', () => {
  assert.equal(visible('\u0000\u001b[31m\u007f'), '␀␛[31m␡');
  assert.equal(visible('a\u0085b\u202etxt.exe'), 'a⟨U+0085⟩b⟨U+202E⟩txt.exe');
});

test('text, tabs and line ends stay as they are', () => {
  const text = 'Ünï 日本 שלום 👩‍👩‍👧\tx\r\n';

  assert.equal(visible(text), text);
});
