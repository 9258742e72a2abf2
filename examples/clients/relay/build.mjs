// Bundles src/main.tsx for Node. Relay's plugin of Babel puts what its compiler wrote where a
// `graphql` text stands; Vite and others have plugins that do the same.
import { readFile } from 'node:fs/promises';

import { transformAsync } from '@babel/core';
import { build } from 'esbuild';

const relay = {
  name: 'relay',
  setup(esbuild) {
    esbuild.onLoad({ filter: /src\/[^_][^/]*\.tsx?$/ }, async ({ path }) => {
      const loader = path.endsWith('x') ? 'tsx' : 'ts';
      const contents = await readFile(path, 'utf8');
      if (!contents.includes('graphql`')) return { contents, loader };
      const { code } = await transformAsync(contents, {
        filename: path,
        babelrc: false,
        configFile: false,
        parserOpts: { plugins: ['typescript', 'jsx'] },
        plugins: ['relay'],
      });
      return { contents: code, loader };
    });
  },
};

await build({
  entryPoints: ['src/main.tsx'],
  outfile: 'build/main.js',
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  jsx: 'automatic',
  logLevel: 'warning',
  plugins: [relay],
});
