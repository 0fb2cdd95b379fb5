/** The plugin that lets all views of runs on a page share what they know. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import { RunLibrary } from '../../models/run/library';
import { IServer } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import type { Parts } from '../../views/run/parts';
import { servedParts } from '../../views/run/served';
import { keepPlainKeys } from '../common/keys';

/** What every view of runs on this page shares. */
export interface IRunLibrary {
  runs: RunLibrary;
  trans: Trans;
  /** What a view of a run shows beyond what is stored of it. */
  parts: Parts;
}

export const IRunLibrary = new Token<IRunLibrary>(
  'jupyter-aml:IRunLibrary',
  'The runs that this page shows: one model and one subscription for each.'
);

/** Keeps the runs that are shown, so that two views of a run are one subscription. */
export const library: JupyterFrontEndPlugin<IRunLibrary> = {
  id: 'jupyter-aml:library',
  description: 'Keeps the runs that this page shows.',
  autoStart: true,
  requires: [IServer],
  optional: [ITranslator],
  provides: IRunLibrary,
  activate: (app, way: IServer, translator: ITranslator | null) => {
    keepPlainKeys();
    const bundle = (translator ?? nullTranslator).load('jupyter_aml');
    const trans: Trans = (text, ...args) => bundle.__(text, ...args);
    const run: RunCommand = (command, args = {}) => void app.commands.execute(command, args);
    return { runs: new RunLibrary(way), trans, parts: servedParts(run, trans) };
  }
};
