/** Files on their way to datastores: how far each is, and why one was refused. */

import * as React from 'react';
import { size } from '../../models/common/words';
import type { StoresModel } from '../../models/data/stores';
import type { Upload } from '../../models/data/upload';
import { Button } from '../common/Control';
import { useTrans } from '../common/hooks';

/** So many are shown; the others come up when these are done with. */
const MOST_SHOWN = 20;

export function Uploads({ stores }: { stores: StoresModel }): JSX.Element | null {
  const trans = useTrans();
  const { uploads } = stores;
  const left = uploads.filter(one => one.state !== 'done');
  if (uploads.length === 0) {
    return null;
  }
  const first = [...left, ...uploads.filter(one => one.state === 'done')].slice(0, MOST_SHOWN);
  return (
    <section className="jp-aml-Uploads" aria-label={trans('Uploads')}>
      <div className="jp-aml-Stores-head">
        <h3 className="jp-aml-Subheading">
          <span role="status">
            {left.length === 0
              ? trans('%1 uploaded', uploads.length)
              : trans('Uploading: %1 of %2', uploads.length - left.length, uploads.length)}
          </span>
        </h3>
        {left.every(one => !one.isUnderway) && (
          <Button
            className="jp-mod-small"
            onClick={() => uploads.forEach(one => stores.dismiss(one))}
          >
            {trans('Clear')}
          </Button>
        )}
      </div>
      <ul>
        {first.map(one => (
          <Line key={one.id} upload={one} stores={stores} />
        ))}
      </ul>
    </section>
  );
}

function Line({ upload, stores }: { upload: Upload; stores: StoresModel }): JSX.Element {
  const trans = useTrans();
  const { place, state, problem, share } = upload;
  const name = place.path.split('/').at(-1)!;
  return (
    <li data-state={state}>
      <div className="jp-aml-Uploads-line">
        <span className="jp-aml-Uploads-name" title={`${place.store}/${place.path}`}>
          {state === 'done' ? '✓ ' : ''}
          {name}
        </span>
        <span>{size(upload.size)}</span>
        {state === 'taken' && (
          <Button className="jp-mod-small" onClick={() => stores.replace(upload)}>
            {trans('Replace')}
          </Button>
        )}
        {state === 'failed' && (
          <Button className="jp-mod-small" onClick={() => void upload.send()}>
            {trans('Try again')}
          </Button>
        )}
        {state !== 'done' && (
          <Button
            className="jp-mod-small"
            aria-label={trans('Stop the upload of %1', name)}
            title={trans('Stop the upload of %1', name)}
            onClick={() => stores.dismiss(upload)}
          >
            ×
          </Button>
        )}
      </div>
      {upload.isUnderway && (
        <progress aria-label={trans('Upload of %1', name)} max={1} value={share} />
      )}
      {problem && (
        <p className="jp-aml-Mistake" role="alert">
          {problem}
        </p>
      )}
    </li>
  );
}
