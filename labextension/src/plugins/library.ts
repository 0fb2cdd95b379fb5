import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import { RunLibrary } from '../models/library';
import { IServer } from '../tokens';
import type { Trans } from '../tokens';

/** What every view of runs on this page shares. */
export interface IRunLibrary {
  runs: RunLibrary;
  trans: Trans;
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
  activate: (_app, way: IServer, translator: ITranslator | null) => {
    const bundle = (translator ?? nullTranslator).load('jupyter_aml');
    return { runs: new RunLibrary(way), trans: (text, ...args) => bundle.__(text, ...args) };
  }
};
