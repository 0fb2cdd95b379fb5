/** Logs of any length: what is in sight is drawn, what is searched is marked. */

import * as React from 'react';
import type { Line } from '../../models/files/lines';
import type { LogModel } from '../../models/files/log';
import { PagedLog } from '../../models/files/paged';
import type { Reader } from '../../models/files/paged';
import { Button, Trouble } from '../common/Control';
import { useSignal, useSize, useTrans } from '../common/hooks';

const ROW = 16;
const MARGIN = 20;
/** Firefox draws nothing that is higher than about 17.9 million pixels. */
const TALLEST = 12_000_000;
const SETTLE = 250;

/** Who has logs: a run, or the build of an environment. */
export interface Logged {
  /** The names of the logs, of which there is at least one. */
  readonly logNames: string[];
  /** The log that is shown first; without it the first of the names. */
  readonly firstLog?: string;
  log(name: string): LogModel;
  /** Keep a log up to date until the returned function is called. */
  readLog(name: string): () => void;
  /** Whether the server is heard. */
  readonly isLive?: boolean;
  /** Reads any part of a log, where there is a server to ask. */
  logReader?(name: string): Reader | null;
  fileUrl(name: string): string | null;
}

/** One log of several: chooser, search, auto-scroll, and only the lines that are seen in the page. */
export function LogPane({ model }: { model: Logged }): JSX.Element {
  const trans = useTrans();
  const [name, setName] = React.useState(model.firstLog ?? model.logNames[0]);
  const [wanted, setWanted] = React.useState('');
  const [isPinned, setPinned] = React.useState(true);
  const [hit, setHit] = React.useState(0);
  const tail = model.log(name);
  const reader = model.logReader?.(name) ?? null;
  const hasReader = reader !== null;
  const log = React.useMemo(() => new PagedLog(tail, reader), [tail, hasReader]);
  const version = useSignal(tail.changed) + useSignal(log.changed);
  React.useEffect(() => model.readLog(name), [model, name]);
  const { isLive } = model;
  React.useEffect(() => {
    if (isLive && log.problem !== null) {
      log.retry();
    }
  }, [log, isLive]);
  const { hits, isSearching } = useHits(log, wanted, version);
  const at = hits.length ? Math.min(hit, hits.length - 1) : -1;
  const url = model.fileUrl(name);

  const jump = (by: number): void => {
    setPinned(false);
    setHit(hits.length ? (at + by + hits.length) % hits.length : 0);
  };
  const found = hits.length
    ? trans('%1 of %2', at + 1, hits.length) + (isSearching ? ' …' : '')
    : isSearching
      ? trans('searching')
      : trans('no match');
  return (
    <div className="jp-aml-Log">
      <div className="jp-aml-Bar">
        {model.logNames.length > 1 && (
          <select
            aria-label={trans('Log')}
            value={name}
            onChange={event => setName(event.target.value)}
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
        />
        <span className="jp-aml-Log-count" role="status">
          {wanted && found}
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
          />
          {trans('Auto-scroll')}
        </label>
        {url && (
          <a
            className="jp-aml-Button"
            href={url}
            download={name.split('/').at(-1)}
            title={trans('Download this log')}
            aria-label={trans('Download this log')}
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

/** The bytes of the lines that hold a text: of the tail at once, of what is before it by and by. */
function useHits(
  log: PagedLog,
  wanted: string,
  version: number
): { hits: number[]; isSearching: boolean } {
  const [early, setEarly] = React.useState<number[]>([]);
  const [isSearching, setSearching] = React.useState(false);
  React.useEffect(() => {
    setEarly([]);
    if (!wanted) {
      setSearching(false);
      return;
    }
    const stop = new AbortController();
    const take = (bytes: number[]): void => setEarly(known => [...known, ...bytes]);
    const done = (): void => {
      if (!stop.signal.aborted) {
        setSearching(false);
      }
    };
    setSearching(true);
    const failed = (error: Error): void => {
      if (!stop.signal.aborted) {
        log.fail(error);
      }
      done();
    };
    const begin = (): void => void log.search(wanted, take, stop.signal).then(done, failed);
    const timer = window.setTimeout(begin, SETTLE);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [log, wanted]);
  const late = React.useMemo(
    () => log.tail.find(wanted).map(index => log.tail.line(index).start),
    [log, wanted, version]
  );
  const hits = React.useMemo(() => {
    const start = late[0] ?? Infinity;
    return [...early.filter(byte => byte < start), ...late];
  }, [early, late]);
  return { hits, isSearching };
}

interface LinesProps {
  log: PagedLog;
  version: number;
  isPinned: boolean;
  pin(isPinned: boolean): void;
  wanted: string;
  /** The byte of the line that was searched. */
  focus: number | undefined;
}

/** The window on the lines. */
function Lines({ log, version, isPinned, pin, wanted, focus }: LinesProps): JSX.Element {
  const trans = useTrans();
  const box = React.useRef<HTMLDivElement>(null);
  // The byte of the line at the top: rows move when lines are counted that were guessed.
  const anchor = React.useRef({ byte: 0, offset: 0 });
  const [top, setTop] = React.useState(0);
  const { height } = useSize(box);
  const { tail } = log;
  const lead = !log.isWhole && (tail.isCut || tail.dropped > 0) ? 1 : 0;
  const count = log.count + lead;
  const whole = Math.min(count * ROW, TALLEST);
  // Rows for each row that is scrolled by: browsers cannot draw boxes of any height.
  const pace = whole > 0 ? (count * ROW) / whole : 1;

  React.useLayoutEffect(() => {
    const node = box.current;
    if (!node) {
      return;
    }
    if (isPinned) {
      node.scrollTop = node.scrollHeight;
      return;
    }
    const { byte, offset } = anchor.current;
    const wantedTop = ((log.rowOf(byte) + lead) * ROW + offset) / pace;
    if (Math.abs(wantedTop - node.scrollTop) > ROW) {
      node.scrollTop = wantedTop;
    }
  }, [isPinned, version, count, height]);
  React.useLayoutEffect(() => {
    if (focus !== undefined && box.current) {
      const row = Math.max(0, log.rowOf(focus) + lead - height / ROW / 2);
      anchor.current = { byte: log.byteOf(Math.max(0, Math.floor(row) - lead)), offset: 0 };
      box.current.scrollTop = (row * ROW) / pace;
    }
  }, [focus, wanted]);

  const topRow = (top * pace) / ROW;
  const first = Math.max(0, Math.floor(topRow) - lead - MARGIN);
  const last = Math.min(log.count, first + Math.ceil(height / ROW) + 2 * MARGIN);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  React.useEffect(() => log.want(first, last), [log, first, last, version]);
  const scrolled = (event: React.UIEvent<HTMLDivElement>): void => {
    const node = event.currentTarget;
    setTop(node.scrollTop);
    const row = Math.max(0, (node.scrollTop * pace) / ROW - lead);
    anchor.current = { byte: log.byteOf(Math.floor(row)), offset: (row % 1) * ROW };
    const isAtEnd = node.scrollHeight - node.scrollTop - node.clientHeight < 2 * ROW;
    if (isPinned && !isAtEnd && node.scrollTop < top) {
      pin(false);
    }
  };
  const place = pace === 1 ? (first + lead) * ROW : top + (first + lead - topRow) * ROW;
  return (
    <div
      className="jp-aml-Log-box"
      ref={box}
      onScroll={scrolled}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={tail.name}
    >
      {count === 0 && (
        <p className="jp-aml-Empty">
          {tail.isKnown
            ? trans('Nothing has been printed.')
            : trans('No line of this log is here yet.')}
        </p>
      )}
      {log.problem && (
        <div className="jp-aml-Log-problem">
          <Trouble
            text={log.problem}
            label={trans('Load the lines again')}
            mend={() => log.retry()}
          />
        </div>
      )}
      <div style={{ height: whole, position: 'relative' }}>
        {lead > 0 && first === 0 && (
          <div className="jp-aml-Log-cut">{trans('Earlier lines are in the download.')}</div>
        )}
        <div style={{ position: 'absolute', top: place }}>
          {shown.map(row => {
            const line = log.line(row);
            return (
              <LogLine
                key={row}
                line={line}
                wanted={wanted}
                isFocus={line !== null && line.start === focus}
              />
            );
          })}
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
  line: Line | null;
  wanted: string;
  isFocus: boolean;
}): JSX.Element {
  return (
    <div className={isFocus ? 'jp-aml-Log-line jp-mod-focus' : 'jp-aml-Log-line'}>
      {line?.spans.map((span, i) => (
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
