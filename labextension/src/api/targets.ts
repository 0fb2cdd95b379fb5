/** The routes of compute targets, as calls. */

import type { ComputeRest, Wanted } from '../tokens';
import type {
  WireCompute,
  WireComputeChange,
  WireComputeCheck,
  WireComputeKind,
  WireComputeSample,
  WireComputeSize,
  WireNewCompute
} from '../wire';
import { query, word } from './address';
import { post } from './door';
import { RegisteredClient } from './registered';

/** The REST calls about compute targets. */
export class TargetsClient extends RegisteredClient implements Omit<ComputeRest, 'kernels'> {
  targets(workspace: string): Promise<WireCompute[]> {
    return this.json('compute' + query({ workspace }));
  }

  target(wanted: Wanted): Promise<WireCompute> {
    return this.json(place(wanted));
  }

  targetHistory(wanted: Wanted): Promise<WireComputeSample[]> {
    return this.json(place(wanted, '/history'));
  }

  addTarget(body: WireNewCompute): Promise<WireCompute> {
    return this.json('compute', post(body));
  }

  changeTarget(name: string, body: WireComputeChange): Promise<WireCompute> {
    return this.json(`compute/${word(name)}`, post(body, 'PATCH'));
  }

  async removeTarget(wanted: Wanted): Promise<void> {
    await this.answer(place(wanted), { method: 'DELETE' });
  }

  targetKinds(): Promise<WireComputeKind[]> {
    return this.json('compute-kinds');
  }

  targetSizes(): Promise<WireComputeSize[]> {
    return this.json('compute-sizes');
  }

  checkTarget(body: WireNewCompute): Promise<WireComputeCheck> {
    return this.json('compute-check', post(body));
  }
}

/** The address of a target, or of a part of it. */
function place({ workspace, name }: Wanted, part = ''): string {
  return `compute/${word(name)}${part}` + query({ workspace });
}
