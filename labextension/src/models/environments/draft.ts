/** An environment that is being written: the fields of a form and the same as a text. */

import type { WireNewEnvironment } from '../../wire';

/** What the form shows. */
export interface Draft {
  name: string;
  /** What follows `python`, such as `3.11`. */
  python: string;
  channels: string[];
  conda: string[];
  pip: string[];
  variables: [name: string, value: string][];
  docker: boolean;
  image: string;
}

export const EMPTY: Draft = {
  name: '',
  python: '',
  channels: [],
  conda: [],
  pip: [],
  variables: [],
  docker: false,
  image: ''
};

type Json = Record<string, unknown>;

/** The draft as a conda specification. */
export function toYaml(draft: Draft): string {
  const conda = condaOf(draft);
  const lines = [`name: ${scalar(draft.name || 'my-environment')}`];
  lines.push(...list('channels', draft.channels));
  lines.push('dependencies:');
  for (const entry of conda.dependencies) {
    if (typeof entry === 'string') {
      lines.push(`  - ${scalar(entry)}`);
    } else {
      lines.push('  - pip:', ...entry.pip.map(one => `      - ${scalar(one)}`));
    }
  }
  const variables = filled(draft.variables);
  if (variables.length > 0) {
    lines.push('variables:', ...variables.map(([k, v]) => `  ${scalar(k)}: ${scalar(v)}`));
  }
  return lines.join('\n') + '\n';
}

/** The draft in the form that SDK v1 gave environments; `base` holds what the form does not show. */
export function toDefinition(draft: Draft, base: Json = {}): Json {
  const [python, docker] = [part(base, 'python'), part(base, 'docker')];
  const more = part(python, 'condaDependencies');
  const conda = condaOf(draft);
  const kept: Json = 'name' in more ? { name: more.name } : {};
  return {
    ...base,
    name: draft.name.trim(),
    version: null,
    python: {
      ...python,
      condaDependencies: {
        ...kept,
        ...(draft.channels.length > 0 ? { channels: draft.channels } : {}),
        dependencies: conda.dependencies
      }
    },
    environmentVariables: Object.fromEntries(filled(draft.variables)),
    docker: {
      ...docker,
      enabled: draft.docker,
      baseImage: draft.image.trim() || null
    }
  };
}

/** The fields of a definition. */
export function fromDefinition(definition: Json): Draft {
  const conda = part(part(definition, 'python'), 'condaDependencies');
  const docker = part(definition, 'docker');
  const draft: Draft = {
    ...EMPTY,
    name: text(definition.name),
    channels: texts(conda.channels),
    // `variables:` of a specification are variables of the environment.
    variables: pairs({ ...part(conda, 'variables'), ...part(definition, 'environmentVariables') }),
    docker: docker.enabled === true,
    image: text(docker.baseImage)
  };
  const packages: string[] = [];
  let [python, pip]: [string, string[]] = ['', []];
  for (const entry of Array.isArray(conda.dependencies) ? conda.dependencies : []) {
    const version =
      typeof entry === 'string' ? /^python\b(?![-.\w])(.*)$/.exec(entry.trim()) : null;
    if (version) {
      python = version[1].trim().replace(/^={1,2}(?=\d)/, '');
    } else if (typeof entry === 'string') {
      packages.push(...(entry.trim() === 'pip' ? [] : [entry]));
    } else {
      pip = [...pip, ...texts((entry as Json | null)?.pip)];
    }
  }
  return { ...draft, python, conda: packages, pip };
}

/** What the server is asked to check or to make: the text where it was written last. */
export function toRequest(
  workspace: string,
  draft: Draft,
  yaml: string | null,
  base: Json = {}
): WireNewEnvironment {
  if (yaml !== null) {
    return {
      workspace,
      name: draft.name.trim() || 'environment',
      specification: yaml,
      format: 'conda'
    };
  }
  const definition = toDefinition(draft, base);
  return { workspace, definition: { ...definition, name: definition.name || 'environment' } };
}

/** Lines of a text as entries of a list, without the empty ones. */
export function entries(lines: string): string[] {
  return lines
    .split('\n')
    .map(line => line.trim())
    .filter(line => line && !line.startsWith('#'));
}

function condaOf(draft: Draft): { dependencies: (string | { pip: string[] })[] } {
  const python = draft.python.trim();
  const dependencies: (string | { pip: string[] })[] = [];
  if (python) {
    dependencies.push(/^[\d.]+\*?$/.test(python) ? `python=${python}` : `python${python}`);
  }
  dependencies.push(...draft.conda);
  if (draft.pip.length > 0) {
    dependencies.push('pip', { pip: draft.pip });
  }
  return { dependencies };
}

function list(name: string, values: string[]): string[] {
  return values.length > 0 ? [`${name}:`, ...values.map(one => `  - ${scalar(one)}`)] : [];
}

/** A text as YAML: bare where nobody could take it for anything else, else in quotes. */
function scalar(value: string): string {
  const isBare =
    /^[A-Za-z_./][\w./:@+\-=<>!~,[\]* ]*$/.test(value) &&
    !/: |:$|\s$/.test(value) &&
    !/^(true|false|yes|no|on|off|null|y|n|\.inf|\.nan)$/i.test(value);
  return isBare ? value : JSON.stringify(value);
}

function filled(variables: Draft['variables']): Draft['variables'] {
  return variables
    .map(([name, value]) => [name.trim(), value] as [string, string])
    .filter(v => v[0]);
}

function part(data: Json, key: string): Json {
  const value = data[key];
  return value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {};
}

function pairs(data: Json): Draft['variables'] {
  return Object.entries(data).map(([name, value]) => [name, text(value)]);
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
