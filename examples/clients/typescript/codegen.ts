import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  // The core's graph. What a server serves, with the types of its plugins: `zhupei schema`.
  schema: process.env.GRAPH_SCHEMA ?? '../../../schema.graphql',
  documents: ['src/**/*.ts', '!src/graph/**'],
  silent: true,
  generates: {
    'src/graph/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // Scalars travel as text: money and decimals are exact, dates have no time of day.
        scalars: { Date: 'string', DateTime: 'string', Decimal: 'string', Upload: 'File', Yuan: 'string' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
  importExtension: '.js',
};

export default config;
