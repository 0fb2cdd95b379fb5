/** The pane of the images that a run logged. */

import * as React from 'react';
import { imageFilesOf } from '../../models/run/files';
import type { RunModel } from '../../models/run/run';
import { useSignal, useTrans } from '../common/hooks';

/** The images that the run logged; of those logged again and again one, and a slider. */
export function ImagesPane({ model }: { model: RunModel }): JSX.Element {
  const trans = useTrans();
  useSignal(model.measured, 250);
  const names = [...imagesOf(model)];
  if (names.length === 0) {
    return (
      <p className="jp-aml-Empty">
        {trans("No image yet. run.log_image('name', plot=plt) puts one here.")}
      </p>
    );
  }
  return (
    <div className="jp-aml-Scroll jp-aml-Images" tabIndex={0}>
      {names.map(([name, images]) => (
        <Images key={name} name={name} images={images} />
      ))}
    </div>
  );
}

function Images({ name, images }: { name: string; images: Image[] }): JSX.Element {
  const trans = useTrans();
  // Null follows the run: the newest one is shown until another is chosen.
  const [chosen, setChosen] = React.useState<number | null>(null);
  const last = images.length - 1;
  const at = chosen === null ? last : Math.min(chosen, last);
  const { file, url, step } = images[at];
  const place = step === null ? trans('%1 of %2', at + 1, last + 1) : trans('step %1', step);
  return (
    <figure>
      <figcaption title={file}>
        <span className="jp-aml-Images-name">{name}</span>
        {last > 0 && (
          <label className="jp-aml-Switch">
            <input
              type="range"
              min={0}
              max={last}
              value={at}
              aria-label={trans('Step of %1', name)}
              aria-valuetext={place}
              onChange={event => {
                const to = Number(event.target.value);
                setChosen(to === last ? null : to);
              }}
            />
            <span className="jp-aml-Images-place">{place}</span>
          </label>
        )}
      </figcaption>
      <img src={url} alt={last > 0 ? `${name}, ${place}` : name} />
    </figure>
  );
}

interface Image {
  file: string;
  url: string;
  step: number | null;
}

/** By name the images that can be shown, from the server or from a stored card. */
export function imagesOf(model: RunModel): Map<string, Image[]> {
  const found = new Map<string, Image[]>();
  for (const [name, files] of imageFilesOf(model.values)) {
    const images = files.flatMap(({ file, step }): Image[] => {
      const isLast = file === files.at(-1)!.file;
      const [stored, served] = [
        isLast ? model.pictures.get(name) : undefined,
        model.fileUrl(file, true)
      ];
      const url = model.isLive ? (served ?? stored) : (stored ?? served);
      return url ? [{ file, url, step }] : [];
    });
    if (images.length > 0) {
      found.set(name, images);
    }
  }
  return found;
}
