/** The routes of what is registered, as calls. */

import type { ModelQuery, ModelRest, Wanted } from '../tokens';
import type {
  WireModel,
  WireModelAlias,
  WireModelChange,
  WireModelFiles,
  WireModelLineage,
  WireModelPage,
  WireRunModels
} from '../wire';
import { path, query, run, word } from './address';
import { Door, post } from './door';

/** The REST calls about models. */
export class RegisteredClient extends Door implements ModelRest {
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
}

/** The address of a version of a model, or of a part of it. */
function model({ workspace, name, version }: Wanted, part = ''): string {
  return `models/${word(name)}${part}` + query({ workspace, version });
}
