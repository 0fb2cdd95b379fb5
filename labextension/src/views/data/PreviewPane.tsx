/** The first rows of a data set with the types of its columns, or its first files. */

import * as React from 'react';
import { Grid } from '../common/Grid';
import { useTrans } from '../common/hooks';
import { useAsked } from '../common/later';
import { Waited } from '../common/Waited';
import type { DatasetPartProps } from './DatasetView';

const ROWS = 200;

export function PreviewPane({ model, one }: DatasetPartProps): JSX.Element {
  const trans = useTrans();
  const { rest, wanted } = model;
  const asked = useAsked(() => rest.datasetPreview(wanted, ROWS), `${one.name}:${one.version}`);
  const table = React.useMemo(
    () =>
      asked.value && {
        columns: asked.value.columns.map(({ name }) => name),
        rows: asked.value.rows
      },
    [asked.value]
  );
  if (!asked.value || !table) {
    return <Waited asked={asked} words={trans('Reading the first rows')} />;
  }
  const { columns, rows, more, warnings } = asked.value;
  return (
    <>
      {warnings.map((warning, i) => (
        <p key={i} className="jp-aml-Warning">
          ⚠ {warning}
        </p>
      ))}
      <p className="jp-aml-Note" role="status">
        {more ? trans('The first %1 rows', rows.length) : trans('All %1 rows', rows.length)}
      </p>
      <Grid
        table={table}
        notes={columns.map(({ type }) => type)}
        label={trans('First rows')}
        isFilling
      />
    </>
  );
}
