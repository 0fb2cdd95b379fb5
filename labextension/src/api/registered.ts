/** The routes of what is registered, as calls. */

import type {
  DatasetRest,
  ModelQuery,
  ModelRest,
  Piece,
  StorePlace,
  StoreRest,
  Wanted
} from '../tokens';
import type {
  WireDataset,
  WireDatasetChanges,
  WireDatasetFileList,
  WireDatasetLineage,
  WireDatasetPatch,
  WireDatastore,
  WireModel,
  WireModelAlias,
  WireModelChange,
  WireModelFiles,
  WireModelLineage,
  WireModelPage,
  WirePreview,
  WireProfile,
  WireRunData,
  WireRunModels,
  WireStoreFolder
} from '../wire';
import { path, query, run, word } from './address';
import type { Asked } from './address';
import { Door, post } from './door';

/** The REST calls about datastores, data sets and models. */
export class RegisteredClient extends Door implements ModelRest, StoreRest, DatasetRest {
  models({ isNewest, ...wanted }: ModelQuery): Promise<WireModelPage> {
    return this.json('models' + query({ ...wanted, newest: isNewest ? 1 : undefined }));
  }

  model(wanted: Wanted): Promise<WireModel> {
    return this.json(model(wanted));
  }

  modelFiles(wanted: Wanted): Promise<WireModelFiles> {
    return this.json(model(wanted, '/files'));
  }

  modelFileUrl({ workspace, name, version }: Wanted, file: string): string {
    return this.link(`models/${word(name)}/files/${path(file)}`, { workspace, version });
  }

  modelArchiveUrl({ workspace, name, version }: Wanted): string {
    return this.link(`models/${word(name)}/archive`, { workspace, version });
  }

  modelLineage(wanted: Wanted): Promise<WireModelLineage> {
    return this.json(model(wanted, '/lineage'));
  }

  changeModel(name: string, body: WireModelChange): Promise<WireModel> {
    return this.json(`models/${word(name)}`, post(body, 'PATCH'));
  }

  async removeModel(wanted: Wanted): Promise<void> {
    await this.answer(model(wanted), { method: 'DELETE' });
  }

  addAlias(name: string, body: WireModelAlias): Promise<WireModel> {
    return this.json(`models/${word(name)}/aliases`, post(body));
  }

  async removeAlias(workspace: string, name: string, alias: string): Promise<void> {
    const route = `models/${word(name)}/aliases/${word(alias)}`;
    await this.answer(route + query({ workspace }), { method: 'DELETE' });
  }

  runModels(runId: string): Promise<WireRunModels> {
    return this.json(`${run(runId)}/models`);
  }

  runData(runId: string): Promise<WireRunData> {
    return this.json(`${run(runId)}/data`);
  }

  datastores(workspace: string): Promise<WireDatastore[]> {
    return this.json('datastores' + query({ workspace }));
  }

  chooseDatastore(workspace: string, name: string): Promise<WireDatastore> {
    return this.json('default-datastore', post({ workspace, name }));
  }

  async removeDatastore(workspace: string, name: string): Promise<void> {
    await this.answer(`datastores/${word(name)}` + query({ workspace }), { method: 'DELETE' });
  }

  storeFolder(
    { workspace, store, path: folder }: StorePlace,
    after: string | null
  ): Promise<WireStoreFolder> {
    const asked = query({ workspace, folder, after });
    return this.json(`datastores/${word(store)}/files${asked}`);
  }

  storeFileUrl({ workspace, store, path: file }: StorePlace): string {
    return this.link(`datastores/${word(store)}/files/${path(file)}`, { workspace });
  }

  async sendPiece(place: StorePlace, piece: Piece, data: Blob): Promise<void> {
    const { workspace, store, path: file } = place;
    const { upload, offset } = piece;
    const [last, overwrite] = [piece.isLast, piece.overwrite].map(Number);
    const asked = query({ workspace, upload, offset, last, overwrite });
    const headers = { 'Content-Type': 'application/octet-stream' };
    const route = `datastores/${word(store)}/files/${path(file)}${asked}`;
    await this.answer(route, { method: 'PUT', body: data, headers });
  }

  datasets(workspace: string): Promise<WireDataset[]> {
    return this.json('datasets' + query({ workspace }));
  }

  dataset(wanted: Wanted): Promise<WireDataset> {
    return this.json(dataset(wanted));
  }

  datasetVersions(workspace: string, name: string): Promise<WireDataset[]> {
    return this.json(dataset({ workspace, name }, '/versions'));
  }

  datasetFiles(wanted: Wanted, after: string | null): Promise<WireDatasetFileList> {
    return this.json(dataset(wanted, '/files', { after }));
  }

  datasetChanges(wanted: Wanted): Promise<WireDatasetChanges> {
    return this.json(dataset(wanted, '/changes'));
  }

  datasetLineage(wanted: Wanted): Promise<WireDatasetLineage> {
    return this.json(dataset(wanted, '/lineage'));
  }

  datasetPreview(wanted: Wanted, rows: number): Promise<WirePreview> {
    return this.json(dataset(wanted, '/preview', { rows }));
  }

  datasetProfile(wanted: Wanted): Promise<WireProfile> {
    return this.json(dataset(wanted, '/profile'));
  }

  changeDataset(name: string, body: WireDatasetPatch): Promise<WireDataset> {
    return this.json(`datasets/${word(name)}`, post(body, 'PATCH'));
  }

  async removeDataset(wanted: Wanted): Promise<void> {
    await this.answer(dataset(wanted), { method: 'DELETE' });
  }
}

/** The address of a version of a data set, or of a part of it. */
function dataset(
  { workspace, name, version }: Wanted,
  part = '',
  more: Record<string, Asked> = {}
): string {
  return `datasets/${word(name)}${part}` + query({ workspace, version, ...more });
}

/** The address of a version of a model, or of a part of it. */
function model({ workspace, name, version }: Wanted, part = ''): string {
  return `models/${word(name)}${part}` + query({ workspace, version });
}
