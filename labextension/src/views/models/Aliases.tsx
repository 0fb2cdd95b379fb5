/** The aliases of a version, each of which can be taken away. */

import * as React from 'react';
import type { ModelPageModel } from '../../models/models/model';
import type { WireModel } from '../../wire';
import { Button } from '../common/Control';
import { useTrans } from '../common/hooks';

interface AliasesProps {
  model: ModelPageModel;
  one: WireModel;
  add(): void;
}

/** Chips with the aliases, and a button for one more. */
export function Aliases({ model, one, add }: AliasesProps): JSX.Element {
  const trans = useTrans();
  const [problem, setProblem] = React.useState<string | null>(null);
  const remove = (alias: string): void => {
    setProblem(null);
    void model.dropAlias(alias).catch((error: Error) => setProblem(error.message));
  };
  return (
    <span className="jp-aml-Aliases" role="group" aria-label={trans('Aliases')}>
      {one.aliases.map(alias => (
        <span className="jp-aml-Chip" key={alias}>
          {alias}
          <Button
            className="jp-mod-small"
            aria-label={trans('Remove the alias %1', alias)}
            title={trans('Remove the alias %1', alias)}
            onClick={() => remove(alias)}
          >
            ×
          </Button>
        </span>
      ))}
      <Button disabled={model.isGone} onClick={add}>
        {trans('Alias…')}
      </Button>
      {problem && (
        <span className="jp-aml-Mistake" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}
