// Lints a schema with graphql-eslint: `node schema_lint.mjs FILE`. Prints one JSON line a finding.
//
// Three options differ from the presets, see docs/decisions/0018-schema-lint.md: descriptions are
// asked of everything; lists need not be connections; and an id is asked of every type that is a
// Node, not of the values inside one.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const require = createRequire(join(process.cwd(), 'package.json'))
const { ESLint } = require('eslint')
const plugin = require('@graphql-eslint/eslint-plugin')
const { buildSchema, isObjectType } = require('graphql')

const file = process.argv[2]
const text = readFileSync(file, 'utf8')
const schema = buildSchema(text)
const values = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.getInterfaces().some(({ name }) => name === 'Node'))
  .map(({ name }) => name)

const eslint = new ESLint({
  cwd: process.cwd(),
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ['**/*.graphql'],
      languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: file } } },
      plugins: { '@graphql-eslint': plugin },
      rules: {
        ...plugin.configs['flat/schema-recommended'].rules,
        ...plugin.configs['flat/schema-relay'].rules,
        '@graphql-eslint/require-description': [
          'error',
          {
            types: true,
            rootField: true,
            DirectiveDefinition: true,
            FieldDefinition: true,
            InputValueDefinition: true,
            EnumValueDefinition: true,
          },
        ],
        '@graphql-eslint/strict-id-in-types': ['error', { exceptions: { types: values } }],
        '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
      },
    },
  ],
})
const [{ messages }] = await eslint.lintText(text, { filePath: 'schema.graphql' })
const lines = text.split('\n')
for (const { ruleId, line, message } of messages) {
  const rule = ruleId?.replace('@graphql-eslint/', '') ?? 'parse'
  // The type or field that the finding is about, told by the line that it points to.
  const at = lines[line - 1].trim().replace(/[^\w ].*$/, '').trim()
  console.log(JSON.stringify({ rule, at, line, message }))
}
