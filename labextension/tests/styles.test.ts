import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** What all of a noun's rules may begin with, to be as strong as JupyterLab's own. */
const FRAMES = ['jp-aml-Card', 'jp-aml-Sidebar'];

/** The classes that each style sheet has rules for: the outermost of ours in each selector. */
function defined(folder: string): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const sheet of readdirSync(folder).filter(name => name.endsWith('.css'))) {
    const text = readFileSync(`${folder}/${sheet}`, 'utf8').replace(/\/\*[^]*?\*\//g, '');
    for (const [, rule] of text.matchAll(/([^{}]+)\{/g)) {
      for (const selector of rule.split(/,(?![^(]*\))/)) {
        const classes = [...selector.matchAll(/\.(jp-aml-[\w-]+)/g)].map(([, name]) => name);
        const outermost = classes.find(name => !FRAMES.includes(name));
        if (outermost && !places.get(outermost)?.includes(sheet)) {
          places.set(outermost, [...(places.get(outermost) ?? []), sheet]);
        }
      }
    }
  }
  return places;
}

test('no class is defined in two style sheets', () => {
  const places = [...defined('style')];

  assert.ok(places.length > 100);
  assert.deepEqual(
    places.filter(([, sheets]) => sheets.length > 1),
    []
  );
});

test('each style sheet is imported, by the page and by those that read index.css', () => {
  const sheets = readdirSync('style').filter(name => name.endsWith('.css') && name !== 'index.css');
  const imported = (file: string): string[] =>
    [...readFileSync(`style/${file}`, 'utf8').matchAll(/'(?:\.\/)?([\w-]+\.css)'/g)].map(
      ([, name]) => name
    );

  assert.deepEqual(imported('index.js').sort(), sheets.sort());
  assert.deepEqual(imported('index.css').sort(), sheets.sort());
});
