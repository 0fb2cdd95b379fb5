/** The state of the list of models, and the code that gets one of them. */

import type { IServer } from '../../tokens';
import type { WireModel } from '../../wire';
import { withWords } from '../common/names';
import { numbered, quoted, RegisteredList } from '../common/registered';

/** As many as one answer of the server may hold. */
const MOST = 10_000;

/** The models of one workspace: the newest version of each name, the newest first. */
export class ModelList extends RegisteredList<WireModel> {
  constructor(live: IServer) {
    super(live, 'model');
  }

  protected async list(): Promise<WireModel[]> {
    const { workspace } = this;
    return (await this.live.rest.models({ workspace, isNewest: true, limit: MOST })).models;
  }
}

/** Tells whether all these words stand in what is known of a model. */
export function modelsWith(filter: string): (model: WireModel) => boolean {
  const matches = withWords(filter);
  return model => {
    const { name, version, aliases, framework, experiment, tags } = model;
    const labels = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
    const facts = [`${name}:${version}`, ...aliases, framework ?? '', experiment ?? '', ...labels];
    return matches(facts.join(' '));
  };
}

/** The code that gets the model. */
export function modelCode({ name, version, workspace }: WireModel): string {
  return [
    'from azureml.core import Model, Workspace',
    '',
    `ws = Workspace.get(${quoted(workspace)})`,
    `model = Model(ws, ${quoted(name)}, version=${numbered(version)})`
  ].join('\n');
}
