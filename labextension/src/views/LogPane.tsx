import * as React from 'react';
import type { LogModel, Line } from '../models/log';
import { Button, QUIET } from './Control';
import { useSignal, useSize, useTrans } from './hooks';

const ROW = 16;
const MARGIN = 20;

/** Who has logs: a run, or the build of an environment. */
export interface Logged {
  /** The names of the logs, of which there is at least one. */
  readonly logNames: string[];
  log(name: string): LogModel;
  /** Keep a log up to date until the returned function is called. */
  readLog(name: string): () => void;
  fileUrl(name: string): string | null;
}

/** One log of several: chooser, search, auto-scroll, and only the lines that are seen in the page. */
export function LogPane({ model }: { model: Logged }): JSX.Element {
  const trans = useTrans();
  const [name, setName] = React.useState(model.logNames[0]);
  const [wanted, setWanted] = React.useState('');
  const [isPinned, setPinned] = React.useState(true);
  const [hit, setHit] = React.useState(0);
  const log = model.log(name);
  const version = useSignal(log.changed);
  React.useEffect(() => model.readLog(name), [model, name]);
  const hits = React.useMemo(() => log.find(wanted), [log, wanted, version]);
  const at = hits.length ? Math.min(hit, hits.length - 1) : -1;
  const url = model.fileUrl(name);

  const jump = (by: number): void => {
    setPinned(false);
    setHit(hits.length ? (at + by + hits.length) % hits.length : 0);
  };
  return (
    <div className="jp-aml-Log">
      <div className="jp-aml-Bar">
        {model.logNames.length > 1 && (
          <select
            aria-label={trans('Log')}
            value={name}
            onChange={event => setName(event.target.value)}
            {...QUIET}
          >
            {model.logNames.map(one => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
        <span className="jp-aml-Bar-gap" />
        <input
          type="search"
          placeholder={trans('Search')}
          aria-label={trans('Search in the log')}
          value={wanted}
          onChange={event => {
            setWanted(event.target.value);
            setHit(0);
            setPinned(false);
          }}
          onKeyDown={event => event.key === 'Enter' && jump(event.shiftKey ? -1 : 1)}
          {...QUIET}
        />
        <span className="jp-aml-Log-count" role="status">
          {wanted && (hits.length ? trans('%1 of %2', at + 1, hits.length) : trans('no match'))}
        </span>
        <Button
          className="jp-mod-small"
          aria-label={trans('Previous match')}
          disabled={!hits.length}
          onClick={() => jump(-1)}
        >
          ↑
        </Button>
        <Button
          className="jp-mod-small"
          aria-label={trans('Next match')}
          disabled={!hits.length}
          onClick={() => jump(1)}
        >
          ↓
        </Button>
        <label className="jp-aml-Switch">
          <input
            type="checkbox"
            checked={isPinned}
            onChange={event => setPinned(event.target.checked)}
            {...QUIET}
          />
          {trans('Auto-scroll')}
        </label>
        {url && (
          <a
            className="jp-aml-Button"
            href={url}
            download={name.split('/').at(-1)}
            title={trans('Download this log')}
            {...QUIET}
          >
            ⤓
          </a>
        )}
      </div>
      <Lines
        log={log}
        version={version}
        isPinned={isPinned}
        pin={setPinned}
        wanted={wanted}
        focus={hits[at]}
      />
    </div>
  );
}

interface LinesProps {
  log: LogModel;
  version: number;
  isPinned: boolean;
  pin(isPinned: boolean): void;
  wanted: string;
  focus: number | undefined;
}

/** The window on the lines. */
function Lines({ log, version, isPinned, pin, wanted, focus }: LinesProps): JSX.Element {
  const trans = useTrans();
  const box = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const { height } = useSize(box);
  const lead = log.isCut || log.dropped > 0 ? 1 : 0;
  const count = log.count;

  React.useLayoutEffect(() => {
    if (isPinned && box.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [isPinned, version, count, height]);
  React.useLayoutEffect(() => {
    if (focus !== undefined && box.current) {
      box.current.scrollTop = Math.max(0, (focus + lead) * ROW - height / 2);
    }
  }, [focus, wanted]);

  const first = Math.max(0, Math.floor(top / ROW) - lead - MARGIN);
  const last = Math.min(count, first + Math.ceil(height / ROW) + 2 * MARGIN);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  const scrolled = (event: React.UIEvent<HTMLDivElement>): void => {
    const node = event.currentTarget;
    setTop(node.scrollTop);
    const isAtEnd = node.scrollHeight - node.scrollTop - node.clientHeight < 2 * ROW;
    if (isPinned && !isAtEnd && node.scrollTop < top) {
      pin(false);
    }
  };
  return (
    <div
      className="jp-aml-Log-box"
      ref={box}
      onScroll={scrolled}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={log.name}
      {...QUIET}
    >
      {count === 0 && (
        <p className="jp-aml-Empty">
          {log.isKnown
            ? trans('Nothing was printed yet.')
            : trans('No line of this log is here yet.')}
        </p>
      )}
      <div style={{ height: (count + lead) * ROW, position: 'relative' }}>
        {lead > 0 && first === 0 && (
          <div className="jp-aml-Log-cut">{trans('Earlier lines are in the download.')}</div>
        )}
        <div style={{ position: 'absolute', top: (first + lead) * ROW }}>
          {shown.map(index => (
            <LogLine
              key={log.dropped + index}
              line={log.line(index)}
              wanted={wanted}
              isFocus={index === focus}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function LogLine({
  line,
  wanted,
  isFocus
}: {
  line: Line;
  wanted: string;
  isFocus: boolean;
}): JSX.Element {
  return (
    <div className={isFocus ? 'jp-aml-Log-line jp-mod-focus' : 'jp-aml-Log-line'}>
      {line.spans.map((span, i) => (
        <span
          key={i}
          className={span.look}
          style={{ color: span.colour, backgroundColor: span.background }}
        >
          {marked(span.text, wanted)}
        </span>
      ))}
    </div>
  );
}

/** The text with what is searched marked in it. */
function marked(text: string, wanted: string): React.ReactNode {
  if (!wanted) {
    return text;
  }
  const parts: React.ReactNode[] = [];
  const [low, needle] = [text.toLowerCase(), wanted.toLowerCase()];
  let at = 0;
  for (let found = low.indexOf(needle); found >= 0; found = low.indexOf(needle, at)) {
    parts.push(
      text.slice(at, found),
      <mark key={found}>{text.slice(found, found + needle.length)}</mark>
    );
    at = found + needle.length;
  }
  return [...parts, text.slice(at)];
}
