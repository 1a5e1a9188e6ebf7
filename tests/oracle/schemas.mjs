// JSON Schema of what every operation answers, from the type definitions of @immich/sdk. Run by oracle.py with Node:
//   node schemas.mjs FOLDER-WITH-node_modules > schemas.json
// Writes {operations: {name: {method, path, fetch: 'json'|'text'|'blob', schema}}, $defs: {TypeName: schema}}.
// Objects are closed (additionalProperties: false), unless their type has an index signature.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2]);
const ts = createRequire(join(folder, 'package.json'))('typescript');
const sdk = join(folder, 'node_modules/@immich/sdk/build');
const program = ts.createProgram([join(sdk, 'fetch-client.d.ts')], {
  strict: true, skipLibCheck: true, noEmit: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
});
const checker = program.getTypeChecker();
const definitions = {};

function literal(type) {
  if (type.flags & (ts.TypeFlags.StringLiteral | ts.TypeFlags.NumberLiteral)) return type.value;
  if (type.flags & ts.TypeFlags.BooleanLiteral) return checker.typeToString(type) === 'true';
  return undefined;
}

function union(types) {
  const values = types.filter((type) => literal(type) !== undefined).map(literal);
  const others = types.filter((type) => literal(type) === undefined && !(type.flags & ts.TypeFlags.Undefined)).map(schema);
  if (values.includes(true) && values.includes(false)) others.push({ type: 'boolean' });
  else if (values.length) others.push({ enum: values });
  return others.length === 1 ? others[0] : { anyOf: others };
}

function object(type) {
  const properties = {};
  const required = [];
  for (const property of checker.getPropertiesOfType(type)) {
    properties[property.name] = schema(checker.getTypeOfSymbol(property));
    if (!(property.flags & ts.SymbolFlags.Optional)) required.push(property.name);
  }
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  return { type: 'object', properties, required, additionalProperties: index ? schema(index.type) : false };
}

// Named types go to $defs, so that types may refer to themselves.
function named(type, name) {
  if (!(name in definitions)) {
    definitions[name] = {};
    definitions[name] = object(type);
  }
  return { $ref: '#/$defs/' + name };
}

function schema(type) {
  const is = (flag) => (type.flags & flag) !== 0;
  if (is(ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
  if (is(ts.TypeFlags.Never | ts.TypeFlags.Void | ts.TypeFlags.Undefined)) return { not: {} };
  if (is(ts.TypeFlags.Null)) return { type: 'null' };
  if (is(ts.TypeFlags.String)) return { type: 'string' };
  if (is(ts.TypeFlags.Number)) return { type: 'number' };
  if (is(ts.TypeFlags.Boolean)) return { type: 'boolean' };
  if (literal(type) !== undefined) return { enum: [literal(type)] };
  if (type.isUnion()) return union(type.types);
  if (is(ts.TypeFlags.NonPrimitive)) return { type: 'object' };
  if (checker.isArrayType(type)) return { type: 'array', items: schema(checker.getTypeArguments(type)[0]) };
  if (type.isIntersection()) return object(type);
  if (!is(ts.TypeFlags.Object)) throw new Error('no schema for ' + checker.typeToString(type));
  const name = type.aliasSymbol?.name ?? type.symbol?.name;
  return name && !name.startsWith('__') ? named(type, name) : object(type);
}

// oazapfts.fetchJson(`/assets/${…}/original${QS…}`, oazapfts.json({method: "POST", …})) -> how it goes over the wire
function request(body) {
  let found;
  const visit = (node) => {
    if (!found && ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const fetch = /^fetch(Json|Text|Blob)$/.exec(node.expression.name.text);
      if (fetch) found = { fetch: fetch[1].toLowerCase(), path: path(node.arguments[0]), method: method(node.arguments[1]) };
    }
    ts.forEachChild(node, visit);
  };
  visit(body);
  return found;
}

function path(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  let text = node.head.text;
  for (const span of node.templateSpans) {
    const call = span.expression; // encodeURIComponent(id) or QS.query(…)
    if (ts.isCallExpression(call) && call.expression.getText() === 'encodeURIComponent') text += `{${call.arguments[0].getText().replace('$', '')}}`;
    text += span.literal.text;
  }
  return text;
}

function method(node) {
  let found = 'GET';
  const visit = (child) => {
    if (ts.isPropertyAssignment(child) && child.name.getText() === 'method') found = child.initializer.text;
    ts.forEachChild(child, visit);
  };
  if (node) visit(node);
  return found;
}

function requests() {
  const source = ts.createSourceFile('fetch-client.js', ts.sys.readFile(join(sdk, 'fetch-client.js')), ts.ScriptTarget.ES2022, true);
  const found = {};
  for (const statement of source.statements)
    if (ts.isFunctionDeclaration(statement) && statement.body) {
      const how = request(statement.body);
      if (how) found[statement.name.text] = how;
    }
  return found;
}

const operations = {};
const how = requests();
const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(sdk, 'fetch-client.d.ts'))));
for (const symbol of exported) {
  if (!(symbol.name in how)) continue;
  const [signature] = checker.getSignaturesOfType(checker.getTypeOfSymbol(symbol), ts.SignatureKind.Call);
  const [answer] = checker.getTypeArguments(signature.getReturnType()); // Promise<answer>
  operations[symbol.name] = { ...how[symbol.name], schema: how[symbol.name].fetch === 'json' ? schema(answer) : {} };
}
process.stdout.write(JSON.stringify({ operations, $defs: definitions }, null, 1) + '\n');
