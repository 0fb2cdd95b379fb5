/** How many nodes a target may have, changed in its place. */

import * as React from 'react';
import type { TargetPageModel } from '../../models/compute/target';
import type { WireCompute } from '../../wire';
import { Button } from '../common/Control';
import { useTrans } from '../common/hooks';

interface SizeFormProps {
  model: TargetPageModel;
  one: WireCompute;
}

const FIELDS = ['minNodes', 'maxNodes', 'idleSeconds'] as const;
type Sizes = Record<(typeof FIELDS)[number], string>;

export function SizeForm({ model, one }: SizeFormProps): JSX.Element {
  const trans = useTrans();
  const [typed, setTyped] = React.useState<Partial<Sizes>>({});
  const [problem, setProblem] = React.useState<string | null>(null);
  const [isBusy, setBusy] = React.useState(false);
  const labels: Sizes = {
    minNodes: trans('Nodes, at least'),
    maxNodes: trans('Nodes, at most'),
    idleSeconds: trans('Idle seconds')
  };
  const isOther = FIELDS.some(
    field => typed[field] !== undefined && typed[field] !== String(one[field])
  );
  const apply = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const entries = FIELDS.filter(field => typed[field] !== undefined);
      await model.change(Object.fromEntries(entries.map(field => [field, Number(typed[field])])));
      setTyped({});
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <section aria-label={trans('Size')}>
      <h4>{trans('Size')}</h4>
      <form className="jp-aml-Sizes" onSubmit={event => void apply(event)}>
        {FIELDS.map(field => (
          <label key={field}>
            {labels[field]}
            <input
              type="number"
              min={field === 'maxNodes' ? 1 : 0}
              step={1}
              required
              disabled={model.isGone}
              value={typed[field] ?? String(one[field])}
              onChange={event => setTyped({ ...typed, [field]: event.target.value })}
            />
          </label>
        ))}
        <Button
          type="submit"
          className={isOther ? 'jp-mod-accept' : ''}
          disabled={!isOther || isBusy || model.isGone}
        >
          {trans('Resize')}
        </Button>
        {isOther && !isBusy && (
          <Button
            onClick={() => {
              setTyped({});
              setProblem(null);
            }}
          >
            {trans('Reset')}
          </Button>
        )}
      </form>
      <p className="jp-aml-Field-wrong" role="alert">
        {problem}
      </p>
    </section>
  );
}
