/** What is in a file of a run, whoever wrote it. */

import * as React from 'react';
import { parsed } from '../../models/common/table';
import { size } from '../../models/common/words';
import {
  INERT,
  inertPage,
  kindOf,
  notebookText,
  separatorOf,
  TextFile
} from '../../models/files/preview';
import type { Kind } from '../../models/files/preview';
import type { Shelf } from '../../models/files/shelf';
import { Code } from '../common/Code';
import { Button, Trouble } from '../common/Control';
import { Diff } from '../common/Diff';
import { Grid } from '../common/Grid';
import { useSignal, useTrans } from '../common/hooks';
import { JsonTree } from './JsonTree';

interface PreviewProps {
  file: { name: string; size: number; modified?: number };
  shelf: Shelf;
  isLive: boolean;
}

/** What is in a file, shown so that nothing in it can act. */
export function Preview({ file, shelf, isLive }: PreviewProps): JSX.Element {
  const trans = useTrans();
  const url = shelf.url(file.name);
  const last = file.name.split('/').at(-1)!;
  const kind = kindOf(file.name);
  const [isRaw, setRaw] = React.useState(false);
  // What was opened stays, whatever becomes of the server.
  const wasLive = React.useRef(isLive);
  wasLive.current ||= isLive;
  const hasForms = ['page', 'drawing', 'table', 'json', 'notebook', 'diff'].includes(kind);
  return (
    <>
      <div className="jp-aml-Bar jp-aml-Preview-bar">
        <b title={file.name}>{last}</b>
        <span title={trans('%1 bytes', file.size)}>{size(file.size)}</span>
        {file.modified !== undefined && (
          <span>{new Date(file.modified * 1000).toLocaleString()}</span>
        )}
        <span className="jp-aml-Bar-gap" />
        {hasForms && (
          <Button className="jp-mod-small" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
            {trans('As text')}
          </Button>
        )}
        {url && (
          <a
            className="jp-aml-Button"
            href={url}
            download={last}
            title={trans('Download %1', file.name)}
            aria-label={trans('Download %1', file.name)}
          >
            ⤓
          </a>
        )}
      </div>
      {wasLive.current ? (
        <Content file={file} shelf={shelf} kind={isRaw ? 'text' : kind} />
      ) : (
        <p className="jp-aml-Empty">{trans('What is in the file can be seen with the server.')}</p>
      )}
    </>
  );
}

interface ContentProps extends Omit<PreviewProps, 'isLive'> {
  kind: Kind;
}

function Content({ file, shelf, kind }: ContentProps): JSX.Element {
  const trans = useTrans();
  if (kind === 'picture') {
    const url = shelf.url(file.name, true);
    return (
      <div className="jp-aml-Preview-body jp-aml-Preview-picture">
        {url && <img src={url} alt={file.name} />}
      </div>
    );
  }
  return kind === 'binary' ? (
    <p className="jp-aml-Empty">
      {trans('Files of this kind are not opened here, as reading them can run code. Download it.')}
    </p>
  ) : (
    <TextContent file={file} shelf={shelf} kind={kind} />
  );
}

function TextContent({ file, shelf, kind }: ContentProps): JSX.Element {
  const trans = useTrans();
  const held = React.useMemo(
    () => new TextFile(file.name, (offset, limit) => shelf.bytes(file.name, offset, limit)),
    [file.name, file.modified, file.size]
  );
  useSignal(held.changed);
  const needsWhole =
    kind === 'page' || kind === 'drawing' || kind === 'notebook' || kind === 'json';
  React.useEffect(() => {
    if (!held.isLoaded) {
      void held.more();
    }
  }, [held]);
  const trouble = held.problem !== null && (
    <Trouble text={held.problem} label={trans('Try again')} mend={() => void held.more()} />
  );
  if (trouble && !held.isLoaded) {
    return trouble;
  }
  if (!held.isLoaded) {
    return <p className="jp-aml-Empty">{trans('Loading')}</p>;
  }
  if (held.isBinary) {
    return <p className="jp-aml-Empty">{trans('This is not text. Download it to open it.')}</p>;
  }
  if (held.text === '') {
    return <p className="jp-aml-Empty">{trans('The file is empty.')}</p>;
  }
  return (
    <>
      <Formed
        held={held}
        kind={needsWhole && !held.isWhole ? 'text' : kind}
        first={shelf.firstLine?.(file.name) ?? 1}
      />
      {trouble}
      {!held.isWhole && (
        <div className="jp-aml-Bar">
          <span>{trans('The first %1 of %2', size(held.end), size(held.size))}</span>
          {held.hasMore && (
            <Button onClick={() => void held.more(held.end)}>{trans('Show more')}</Button>
          )}
        </div>
      )}
    </>
  );
}

interface FormedProps {
  held: TextFile;
  kind: Kind;
  first: number;
}

/** The text in the form of its kind. */
export function Formed({ held, kind, first }: FormedProps): JSX.Element {
  const { text, name } = held;
  switch (kind) {
    case 'page':
      return (
        <iframe
          className="jp-aml-Preview-page"
          sandbox=""
          // In force from the first byte, where the browser knows it: what a parser looks for ahead
          // of itself may be asked for before it has come to the page's own policy.
          {...{ csp: INERT }}
          referrerPolicy="no-referrer"
          title={name}
          srcDoc={inertPage(text)}
        />
      );
    case 'drawing':
      return <DrawingView name={name} text={text} />;
    case 'table':
      return <TableFile held={held} />;
    case 'json':
      return <JsonTree text={text} name={name} />;
    case 'diff':
      return <Diff text={text} label={name} />;
    case 'notebook':
      return <Code text={notebookText(text) ?? text} label={name} />;
    default:
      return <Code text={text} label={name} first={first} />;
  }
}

/** An SVG as a picture: in an `img` no script of it runs and nothing is loaded. */
function DrawingView({ name, text }: { name: string; text: string }): JSX.Element {
  const [url, setUrl] = React.useState<string | null>(null);
  React.useEffect(() => {
    const made = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [text]);
  return (
    <div className="jp-aml-Preview-body jp-aml-Preview-picture">
      {url && <img src={url} alt={name} />}
    </div>
  );
}

function TableFile({ held }: { held: TextFile }): JSX.Element {
  const { text, isWhole, name } = held;
  const table = React.useMemo(() => {
    // The last line of a piece is seldom whole.
    const lines = isWhole ? text : text.slice(0, text.lastIndexOf('\n') + 1);
    return parsed(lines, separatorOf(name));
  }, [text, isWhole, name]);
  return <Grid table={table} label={name} isFilling />;
}
