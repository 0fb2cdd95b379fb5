import { readdirSync } from 'node:fs';
import imports from 'eslint-plugin-import';
import hooks from 'eslint-plugin-react-hooks';
import typescript from 'typescript-eslint';

/** `room` may import nothing of the rooms that stand above it. */
const above = (room, ...rooms) => ({
  target: `./src/${room}`,
  from: rooms.map(one => `./src/${one}`),
  message: 'The arrow is index -> plugins -> (views, models) -> api -> tokens -> wire.'
});

/** What the views of every noun may build on, from the ground up; a room imports those before it. */
const SHARED = ['common', 'charts', 'files', 'run'];
const NOUNS = readdirSync(new URL('./src/views', import.meta.url));

/** The views of a noun know of no other noun's. */
const apart = NOUNS.map(noun => {
  const at = SHARED.indexOf(noun);
  const allowed = [noun, ...(at < 0 ? SHARED : SHARED.slice(0, at))];
  return {
    target: `./src/views/${noun}`,
    from: './src/views',
    except: allowed.map(one => `./${one}`),
    message: `Views import only their own noun and ${SHARED.join(', ')}, in this order.`
  };
});

const OPENING = /^\/\*\*\s(?:(?!\*\/)[^])+\.\s*\*\/\n\n/;

/** A module opens with a sentence of its own, as modules of Python do. */
const opening = {
  create: context => ({
    Program(node) {
      if (!OPENING.test(context.sourceCode.text)) {
        const message =
          'Open with /** a sentence that says what the module is for. */ and a blank line.';
        context.report({ node, loc: { line: 1, column: 0 }, message });
      }
    }
  })
};

export default typescript.config(
  { ignores: ['lib', 'node_modules', '.yarn'] },
  ...typescript.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { import: imports, 'react-hooks': hooks, ours: { rules: { opening } } },
    settings: { 'import/resolver': { node: { extensions: ['.ts', '.tsx'] } } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      curly: 'error',
      eqeqeq: 'error',
      'import/no-restricted-paths': [
        'error',
        {
          zones: [
            above('wire.ts', 'tokens.ts', 'api', 'models', 'views', 'plugins', 'index.ts'),
            above('tokens.ts', 'api', 'models', 'views', 'plugins', 'index.ts'),
            above('api', 'models', 'views', 'plugins', 'index.ts'),
            above('models', 'views', 'plugins', 'index.ts'),
            above('views', 'plugins', 'index.ts'),
            above('plugins', 'index.ts'),
            above('widget.tsx', 'api', 'plugins', 'index.ts'),
            ...apart
          ]
        }
      ],
      'max-lines': ['error', 400],
      'no-console': 'error',
      'ours/opening': 'error',
      'react-hooks/rules-of-hooks': 'error'
    }
  },
  { files: ['src/wire.ts'], rules: { 'max-lines': 'off' } },
  {
    // What the kernel's widget shares with Lab must not need Lab.
    files: ['src/models/**', 'src/views/**', 'src/widget.tsx'],
    rules: {
      'no-restricted-imports': ['error', { patterns: ['@jupyterlab/*', '@lumino/*'] }]
    }
  }
);
