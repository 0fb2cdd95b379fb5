/** The state of the list of data sets, and the code that gets one of them. */

import type { IServer } from '../../tokens';
import type { WireDataset } from '../../wire';
import { withWords } from '../common/names';
import { numbered, quoted, RegisteredList } from '../common/registered';

/** The data sets of one workspace by name: the newest version of each. */
export class DatasetList extends RegisteredList<WireDataset> {
  constructor(live: IServer) {
    super(live, 'dataset');
  }

  protected async list(): Promise<WireDataset[]> {
    const rows = await this.live.rest.datasets(this.workspace);
    return rows.sort((one, other) => one.name.localeCompare(other.name));
  }
}

/** Tells whether all these words stand in what is known of a data set. */
export function datasetsWith(filter: string): (dataset: WireDataset) => boolean {
  const matches = withWords(filter);
  return ({ name, version, kind, source, tags }) => {
    const labels = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
    return matches([`${name}:${version}`, kind, source, ...labels].join(' '));
  };
}

/** The code that gets the data set. */
export function datasetCode({ name, version, workspace }: WireDataset): string {
  return [
    'from azureml.core import Dataset, Workspace',
    '',
    `ws = Workspace.get(${quoted(workspace)})`,
    `dataset = Dataset.get_by_name(ws, ${quoted(name)}, version=${numbered(version)})`
  ].join('\n');
}
